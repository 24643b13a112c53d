"""The checkout, wherever the workflow runs. `core.results` has what the workflow makes."""

from __future__ import annotations

from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2]
ROOT = SCRIPTS.parent
CATALOGUE = ROOT / "catalogue"
REFERENCES = ROOT / "references"


def found(path: str | Path) -> Path:
    """A path as it is if the working folder has such a file, else the checkout's of that name, if it has one."""
    path = Path(path).expanduser()
    own = ROOT / path
    return own if not path.exists() and own.exists() else path
