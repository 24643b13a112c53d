"""How a cell ended, and why."""

from __future__ import annotations

WHOLE_CELL = ("skipped: ", "refused: ", "failed: ")
AGAIN = "delete it and run the study again"
