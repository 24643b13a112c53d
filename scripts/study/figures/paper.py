"""What figures are drawn for: the width of a column, the font and its size, and the form of vector files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from study.core.errors import StudyError, allowed

COLUMNS: Mapping[str, float] = {"single": 88.0, "double": 180.0}  # mm: one column, both columns of a journal's page
FONT = "DejaVu Sans"
SIZE = 7.0
VECTOR = ("pdf", "svg")


@dataclass(frozen=True)
class Paper:
    """The settings of a study's figures: width (a name of `COLUMNS` or mm), font, its size in points, vector forms."""

    width: str | float = "double"
    font: str = FONT
    font_size: float = SIZE
    vector: list[str] = field(default_factory=lambda: ["pdf"])

    @property
    def inches(self) -> float:
        """The width of a figure in inches. Raises StudyError for a name that isn't one of `COLUMNS`."""
        return millimetres(self.width) / 25.4

    @property
    def suffixes(self) -> list[str]:
        """The suffixes of a figure's files, without dots: an image for the page, and the vector forms."""
        return ["png", *self.vector]


def millimetres(width: str | float) -> float:
    """A width in mm from its name or number. Raises StudyError."""
    if isinstance(width, str) and width in COLUMNS:
        return COLUMNS[width]
    try:
        return float(width)
    except ValueError:
        known = [*COLUMNS, "a number of mm"]
        raise StudyError(f"the width of figures {width!r} is not possible; {allowed(width, known)}") from None
