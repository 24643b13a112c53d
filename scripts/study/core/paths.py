"""Where things are: the checkout, every path under `results/`, and the cache."""

from __future__ import annotations

import os
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2]
ROOT = SCRIPTS.parent
CATALOGUE = ROOT / "catalogue"


def cache_folder(folder: str | Path | None = None) -> Path:
    """The cache: `folder`, else STUDY_CACHE, else image-compression-study in XDG_CACHE_HOME or ~/.cache."""
    name = folder or os.environ.get("STUDY_CACHE")
    if name:
        return Path(name).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "image-compression-study"
