"""What is allowed, said so that a reader finds the slip at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def allowed(found: object, choices: Iterable[object]) -> str:
    """`allowed: a, b, c`, headed by the nearest match if there is one; long lists are cut to the nearest."""
    names = [str(choice) for choice in choices]
    near = difflib.get_close_matches(str(found), names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    if not names:
        return hint + "none is allowed here"
    shown = names if len(names) <= 24 else difflib.get_close_matches(str(found), names, n=10, cutoff=0)
    return f"{hint}allowed: {', '.join(shown)}{', …' if len(shown) < len(names) else ''}"
