"""The checkout, wherever the workflow runs, and the cache. `core.results` has what the workflow makes."""

from __future__ import annotations

import os
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2]
ROOT = SCRIPTS.parent
CATALOGUE = ROOT / "catalogue"
REFERENCES = ROOT / "references"


def resolved(path: str | Path) -> Path:
    """A path as it is if the working folder has such a file, else the checkout's of that name, if it has one."""
    path = Path(path).expanduser()
    own = ROOT / path
    return own if not path.exists() and own.exists() else path


def cache_folder(folder: str | Path | None = None) -> Path:
    """The cache: `folder`, else STUDY_CACHE, else image-compression-study in XDG_CACHE_HOME or ~/.cache."""
    name = folder or os.environ.get("STUDY_CACHE")
    if name:
        return Path(name).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "image-compression-study"
