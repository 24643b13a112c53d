"""Whether the edits that an experiment names for a figure are there, and of the kind that the figure shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from study.core.errors import allowed
from study.figures.latents import names as figure_names
from study.latents import edits, selection
from study.latents.edits import Edit
from study.planning.study import Experiment


class Fitting(NamedTuple):
    """Whether an edit is of the kind that a figure shows, and the kind in words."""

    fits: Callable[[Edit], bool]
    words: str


def problems(where: str, experiment: Experiment) -> Iterator[str]:
    """What is wrong with the figures of an experiment, which is at `where` in the config."""
    known = [edits.BASELINE, *experiment.edits]
    for figure in figure_names.OF_EDITS:
        for name in experiment.figures.edits(figure):
            if name not in known:
                yield f"{where}.figures.{figure}: the edit {name!r} is unknown; {allowed(name, known)}"
            elif figure in _FITTING and not _FITTING[figure].fits(experiment.edits.get(name, Edit())):
                yield f"{where}.figures.{figure}: found {name!r}; allowed: {_FITTING[figure].words}"


def _sweeps_channels(edit: Edit) -> bool:
    return len(edit.steps) == 1 and edit.steps[0].select.get("channels") == selection.ONE_BY_ONE


def _keeps_strongest(edit: Edit) -> bool:
    return any("top" in step.select for step in edit.steps)


def _interpolates(edit: Edit) -> bool:
    return any(step.operation.name == "interpolate" for step in edit.steps)


def _moves(edit: Edit) -> bool:
    moves = [step.site == "y" and not step.select and step.operation.on_image is not None for step in edit.steps]
    return bool(moves) and all(moves)


_FITTING: Mapping[str, Fitting] = {
    "attribution": Fitting(_sweeps_channels, "an edit of each channel in turn (select: {channels: each})"),
    "progressive": Fitting(_keeps_strongest, "an edit of the strongest channels (select: {top: …})"),
    "interpolation": Fitting(_interpolates, "edits with the operation interpolate"),
    "equivariance": Fitting(_moves, "edits that move the whole of y (roll, flip, rotate, transpose; without select)"),
}
