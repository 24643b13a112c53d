"""The figures of an experiment on latents, and the names of their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

PICTURED = ("atlas", "rate_map", "impulse")  # figures of a latent itself
DRAWN = ("sheet", "report", "attribution", "progressive", "interpolation", "equivariance")  # of edits
PER_EDIT = ("interpolation",)
OF_LATENTS = ("atlas", "rate_map", "impulse")


class Named(NamedTuple):
    """A figure of one image; `edit` is empty for a figure of several edits, or of none."""

    figure: str
    image: str
    edit: str

    @property
    def stem(self) -> str:
        """The name of its files without their suffix."""
        return "-".join(part for part in self if part)


def named(figures: Mapping[str, object], images: Sequence[str]) -> list[Named]:
    """Every figure that a part's images get, by the `figures` of an experiment."""
    found = []
    for image in images:
        for figure in figure_names({"figures": figures}):
            for edit in figures[figure] if figure in PER_EDIT else [""]:
                found.append(Named(figure, image, edit))
    return found


def figure_names(experiment: Mapping) -> list[str]:
    """The figures of an experiment, by the names of their files; those that are off (false) left out."""
    return [name for name in (*PICTURED, *DRAWN) if experiment["figures"].get(name)]
