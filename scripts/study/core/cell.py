"""A cell of a study, and its records."""

from __future__ import annotations

from os import PathLike
from typing import NamedTuple

from study.core.results import FOLDER


class Cell(NamedTuple):
    """One part of an image set with one codec at one quality; `part` is the set's name if it isn't cut.

    A quality is text here, as it stands in paths and on command lines; `readers.number` makes the catalogue's of it.
    Records are CSV files, and what they list lies beside them.
    """

    image_set: str
    part: str
    codec: str
    quality: str

    @property
    def path(self) -> str:
        """Where the cell's results lie in the folder of each stage."""
        return f"{self.part}/{self.codec}/{self.quality}"

    def encoded(self, results: str | PathLike = FOLDER) -> str:
        """The record of its bitstreams."""
        return f"{results}/bitstreams/{self.path}/encoded.csv"

    def decoded(self, results: str | PathLike = FOLDER) -> str:
        """The record of its decoded images."""
        return f"{results}/decoded/{self.path}/decoded.csv"

    def scores(self, group: str, results: str | PathLike = FOLDER) -> str:
        """The record of its scores by a group of metrics."""
        return f"{results}/scores/{self.path}/{group}.csv"

    def error_maps(self, results: str | PathLike = FOLDER) -> str:
        """The record of FLIP's maps of its decoded images."""
        return f"{results}/error_maps/{self.path}/flip.csv"

    def latents(self, results: str | PathLike = FOLDER) -> str:
        """The record of the latents of its images."""
        return f"{results}/latents/{self.path}/latents.csv"

    def impulse(self, results: str | PathLike = FOLDER) -> str:
        """The record of its impulse responses."""
        return f"{results}/impulses/{self.path}/impulse.csv"
