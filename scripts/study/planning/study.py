"""A study's config as typed objects: frozen dataclasses, one for each object of rules/schema.yaml.

The schema documents the keys and checks a config with all its problems at once; these have the same fields and
defaults, which a test holds them to. Why dataclasses: see `study.core.typed`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from study.analysis.claim_pairs import Claim, ClaimOptions
from study.core import typed
from study.figures.curve_options import Options as CurveOptions
from study.figures.latents.names import FigureChoice
from study.figures.paper import Paper
from study.latents.edits import Edit
from study.opinions.trials import Options as Opinions
from study.planning import catalogue, entries
from study.planning.entries import CodecEntry, ImageSetEntry, Quality, Targets

METRICS = ("psnr_rgb", "psnr_y", "ssim", "ms_ssim", "ssim_sewar", "msssim_sewar", "vifp_sewar")


@dataclass(frozen=True)
class BdRate:
    """Bjøntegaard differences of every codec against the codec `anchor`, or against each of a list."""

    anchor: str | list[str]
    metrics: list[str] = field(default_factory=lambda: ["psnr_rgb", "ms_ssim"])
    min_overlap: float = 0.5
    resamples: int = 1000
    seed: int = 0

    @property
    def anchors(self) -> list[str]:
        """The anchors, the main one first."""
        return [self.anchor] if isinstance(self.anchor, str) else self.anchor


@dataclass(frozen=True)
class Published:
    """How far means may be from published figures (in dB, and in percent of the rate), and which curves are drawn."""

    tolerance: float = 0.1
    rate_tolerance: float = 1
    draw: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CellLimit:
    """What one image may take in a job: seconds, and memory in GiB."""

    seconds: float | None = 3600
    memory_gb: float | None = None


@dataclass(frozen=True)
class Timing:
    """Times measured apart from the study, with nothing beside: on the first images of each set."""

    images: int = 2
    repeats: int = 5
    rounds: int = 3
    qualities: str = "middle"


@dataclass(frozen=True)
class Training:
    """What trained codecs are made from: a folder of photos, a file of recipes."""

    photos: str
    recipes: str = "models/recipes.yaml"
    manifest: str | None = None


@dataclass(frozen=True)
class Define:
    """Codecs, image sets and claims of the study's own, by id."""

    codecs: dict[str, CodecEntry] = field(default_factory=dict)
    images: dict[str, ImageSetEntry] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """Edits of the latents of some image sets and codecs; those of the groups it includes are among its `edits`."""

    images: list[str]
    codecs: dict[str, str | list[Quality]]
    side_information: list[str] = field(default_factory=lambda: ["recompute", "keep"])
    include: list[str] = field(default_factory=list)
    edits: dict[str, Edit] = field(default_factory=dict)
    figures: FigureChoice = field(default_factory=FigureChoice)


@dataclass(frozen=True)
class Figures(CurveOptions, Paper):
    """How a study's figures are drawn, and for which paper."""

    @property
    def paper(self) -> Paper:
        """What is said of the paper."""
        return Paper(**self._part(Paper))

    @property
    def curves(self) -> dict[str, Any]:
        """What is said of curves, by the options of the commands that draw them."""
        return self._part(CurveOptions)

    def _part(self, options: type) -> dict[str, Any]:
        return {option.name: getattr(self, option.name) for option in fields(options)}


@dataclass(frozen=True)
class Study:
    """A study: what its config says, with defaults."""

    study: str
    images: list[str]
    codecs: dict[str, str | list[Quality] | Targets]
    metrics: list[str] = field(default_factory=lambda: list(METRICS))
    engine: str = "fast"
    bd_rate: BdRate | None = None
    claims: ClaimOptions | None = None
    published: Published = field(default_factory=Published)
    figures: Figures = field(default_factory=Figures)
    mirror: str | None = None
    cache: str | None = None
    cell_limit: CellLimit = field(default_factory=CellLimit)
    part_size: int | None = None
    latents: dict[str, Experiment] = field(default_factory=dict)
    training: Training | None = None
    timing: Timing | None = None
    opinions: Opinions | None = None
    define: Define = field(default_factory=Define)

    def data(self) -> dict[str, Any]:
        """The config as plain data; keys that are null are left out."""
        return typed.plain(self)


def claims(study: Study) -> dict[str, Claim]:
    """Every claim by id: those of `catalogue/claims.yaml` and those that the study defines.

    Raises StudyError for an id of the catalogue that the study gives another meaning.
    """
    shared = {name: typed.built(Claim, entry, f"claim {name}") for name, entry in catalogue.read("claims").items()}
    return entries.with_own(shared, study.define.claims, "claim")
