"""The figures of an experiment on latents, and the names of their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

OF_LATENTS = ("atlas", "rate_map", "impulse")  # drawn from a latent itself
OF_EDITS = ("sheet", "report", "halves", "attribution", "progressive", "interpolation", "equivariance")
PER_EDIT = ("interpolation",)


@dataclass(frozen=True)
class FigureChoice:
    """Which figures an experiment draws, and of which edits (rules/schema.yaml, `experiment.figures`)."""

    atlas: str | bool = "bits"
    rate_map: bool = True
    impulse: bool = False
    sheet: bool | list[str] = True
    report: bool = False
    halves: bool = False
    attribution: str | None = None
    progressive: str | None = None
    interpolation: list[str] = field(default_factory=list)
    equivariance: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """The figures that are on, by the names of their files."""
        return [name for name in (*OF_LATENTS, *OF_EDITS) if getattr(self, name)]

    def edits(self, figure: str) -> list[str]:
        """The edits that are named for a figure."""
        named = getattr(self, figure)
        return [named] if isinstance(named, str) else named if isinstance(named, list) else []

    def files(self, images: Sequence[str]) -> list[Named]:
        """Every figure that a part's images get."""
        return [
            Named(figure, image, edit)
            for image in images
            for figure in self.names()
            for edit in (self.edits(figure) if figure in PER_EDIT else [""])
        ]


class Named(NamedTuple):
    """A figure of one image; `edit` is empty for a figure of several edits, or of none."""

    figure: str
    image: str
    edit: str

    @property
    def stem(self) -> str:
        """The name of its files without their suffix."""
        return "-".join(part for part in self if part)
