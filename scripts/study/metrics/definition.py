"""An entry of the registry of metrics."""

from __future__ import annotations

import dataclasses

from study.metrics.engine import Recipe

SCALES = ("identity", "db")
CHEAP = "cheap"


@dataclasses.dataclass(frozen=True)
class Metric:
    """An entry of the registry: everything one must know to compare a value with a published one.

    `label` is the metric's name in figures and tables, `variant` what tells its definition from others of that name
    (`sewar`; may be empty). `function` of `library` at `version` is what the values equal. `range` includes what
    identical images get. `scale` is that on which its values are compared: as they are (`identity`), or
    -10 log10(1 - x) (`db`), for values that crowd together below 1. `smallest` is the least side, in pixels, of an
    image that has a value; `empty` is why a larger one may have none (an empty string if it never happens).

    `compute`, `reference`, `skip` and `versions` name functions, see `engine.Recipe`. `group` names the job that scores
    the metric and the file that holds it: `cheap` for what takes less time than starting a job, else a group of its
    own, with the metrics that it shares a network or a program with.
    """

    name: str
    definition: str
    label: str
    variant: str
    colour_space: str
    window: str
    averaging: str
    library: str
    version: str
    function: str
    source: str
    unit: str
    range: str
    higher_is_better: bool
    smallest: int
    compute: str
    scale: str = "identity"
    empty: str = ""
    reference: str = ""
    skip: str = ""
    versions: str = ""
    group: str = CHEAP

    @property
    def recipe(self) -> Recipe:
        """What a job must know to compute it."""
        return Recipe(self.compute, self.smallest, self.empty, self.reference, self.skip, self.versions)

    @property
    def short(self) -> str:
        """The metric in running text, such as `MS-SSIM (sewar)`."""
        return f"{self.label} ({self.variant})" if self.variant else self.label

    @property
    def sign(self) -> int:
        """1 if more is better, -1 if less is."""
        return 1 if self.higher_is_better else -1
