"""Where things are: the checkout, and every path under `results/`."""

from __future__ import annotations

from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2]
ROOT = SCRIPTS.parent
CATALOGUE = ROOT / "catalogue"
