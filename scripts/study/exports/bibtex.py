"""The papers of a study's codecs, metrics and methods, as BibTeX.

`references/papers.bib` has the entries, `references/citations.yaml` says what cites which: a codec by its family and
its backend, a metric and an image set by name, and what every study cites.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from study.core.errors import StudyError, allowed


def keys(citations: Mapping, codecs: Iterable[Mapping], metrics: Iterable[str], sets: Iterable[str]) -> list[str]:
    """The keys of the papers to cite, sorted. `codecs` are rows of codecs.csv (`family`, `backend`)."""
    codecs = list(codecs)
    cited = list(citations["always"])
    names = {
        "families": [row["family"] for row in codecs],
        "backends": [row["backend"] for row in codecs],
        "metrics": metrics,
        "images": sets,
    }
    for kind, chosen in names.items():
        cited += [key for name in chosen for key in citations[kind].get(name, [])]
    return sorted(set(cited))


def entries(papers: str) -> dict[str, str]:
    """The entries of a BibTeX file by key: each begins with `@` at the start of a line."""
    blocks = re.split(r"^(?=@\w+\{)", papers, flags=re.MULTILINE)
    return {re.match(r"@\w+\{([^,\s]+),", part)[1]: part.strip() for part in blocks if part.startswith("@")}


def bibliography(papers: str, cited: Iterable[str]) -> str:
    """The wanted entries, in the order given. Raises StudyError for a key that has none."""
    known = entries(papers)
    for key in cited:
        if key not in known:
            raise StudyError(f"references/citations.yaml cites {key!r}; {allowed(key, known)} (references/papers.bib)")
    return "\n\n".join(known[key] for key in cited) + "\n"
