"""Edits as they stand in a config, and the cells that they expand into.

An edit is a step or a list of steps, done in order. A step is a mapping of `select` (see `selection`; without it,
everything), `op` (see `operations`) and `site`: `y`, the latent, or `z`, that of the hyperprior. A list in the place of
a parameter is a sweep, as are `channels: each` and `k: all`; several sweeps of one edit are combined.

The edited y is coded under every policy on side information that the experiment asks for: `keep`, with the z of the
original, or `recompute`, with the z that the hyperprior makes of the edited y. An edit of z itself is coded with the z
that it makes (`edited`), and a codec without hyperprior has no policy (`none`).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from study.core.errors import CodecError, allowed
from study.latents import operations, selection
from study.latents.operations import Around, Operation
from study.latents.selection import Site

BASELINE = "none"
SITES = ("y", "z")
POLICIES = ("recompute", "keep")
LARGEST_SWEEP = 4096
_STEP = ("select", "op", "site")


@dataclass(frozen=True)
class Step:
    """One step: selection (see `selection`), operation with all its parameters, site. Sweeps are lists, or words."""

    select: Mapping[str, Any]
    operation: Operation
    parameters: Mapping[str, Any]
    site: str

    def data(self) -> dict[str, Any]:
        """The step as plain data, which `parsed` takes back."""
        return {"select": dict(self.select), "op": {self.operation.name: dict(self.parameters)}, "site": self.site}


@dataclass(frozen=True)
class Edit:
    """An edit that means something: its steps, sweeps unexpanded. The baseline has none."""

    steps: tuple[Step, ...] = ()

    def data(self) -> list[dict[str, Any]]:
        """The edit as plain data, which `parsed` takes back."""
        return [step.data() for step in self.steps]


@dataclass(frozen=True)
class Cell:
    """One edit of one image: its name, the values of its sweeps (text), its steps without sweeps, its policy."""

    edit: str
    value: str
    steps: tuple[Step, ...]
    policy: str

    @property
    def site(self) -> str:
        """The sites that the steps edit: `y`, `z`, `y z`; empty for the baseline."""
        return " ".join(site for site in SITES if any(step.site == site for step in self.steps))

    @property
    def name(self) -> str:
        """What tells this cell from the others of its image, fit for a file's name."""
        return "~".join(part for part in (self.edit, self.value, self.policy) if part)


def parsed(data: object) -> Edit:
    """The edit that plain data (a step, or a list of them) means. Raises CodecError that says what is wrong."""
    steps = []
    for number, step in enumerate(data if isinstance(data, list) else [data], start=1):
        problem = next(_step_problems(step), None)
        if problem:
            raise CodecError(f"step {number}: {problem}" if isinstance(data, list) else problem)
        operation, parameters = operations.parsed(step["op"])
        steps.append(Step(dict(step.get("select", {})), operation, parameters, step.get("site", "y")))
    return Edit(tuple(steps))


def all_parsed(data: Mapping[str, object]) -> dict[str, Edit]:
    """Edits by name from plain data. Raises CodecError that names the edit and says what is wrong."""
    named = {}
    for name, edit in data.items():
        try:
            named[name] = parsed(edit)
        except CodecError as error:
            raise CodecError(f"edit {name}: {error}") from None
    return named


def problems(edit: Edit, channels: Mapping[str, int]) -> Iterator[str]:
    """What keeps a codec from having an edit, as far as it can be seen without a latent.

    `channels` is the number of channels of each site that the codec has.
    """
    for number, step in enumerate(edit.steps, start=1):
        before = f"step {number}: " if len(edit.steps) > 1 else ""
        if step.site not in channels:
            yield f"{before}site: found {step.site!r}; this codec has no hyperprior; {allowed(step.site, channels)}"
            continue
        for problem in selection.problems(step.select, channels[step.site]):
            yield before + problem


def expanded(named: Mapping[str, Edit], policies: Sequence[str], channels: Mapping[str, int]) -> list[Cell]:
    """Every cell of an experiment for an image: the baseline first, then the edits in order, each under each policy.

    `channels` is the number of channels of each site that the codec has. Raises CodecError for an edit that this
    codec can't have, and for a sweep beyond measure.
    """
    cells = []
    for name, edit in {BASELINE: Edit(), **named}.items():
        if missing := next((step.site for step in edit.steps if step.site not in channels), None):
            raise CodecError(f"edit {name}: site: found {missing!r}, but this codec has no hyperprior")
        swept = [_swept(step, channels[step.site]) for step in edit.steps]
        count = int(np.prod([len(steps) for steps in swept], dtype=np.float64))
        if count > LARGEST_SWEEP:
            raise CodecError(f"edit {name}: its sweeps make {count} cells; allowed: at most {LARGEST_SWEEP}")
        for combination in itertools.product(*swept):
            value = ",".join(text for text, _ in combination if text)
            steps = tuple(step for _, step in combination)
            cells += [Cell(name, value, steps, policy) for policy in _policies(steps, policies, channels)]
    return cells


def edited(cell: Cell, sites: Mapping[str, Site], around: Mapping[str, Around]) -> dict[str, np.ndarray]:
    """The latents y and z after a cell's steps; each selects by the latent before any edit. Raises CodecError."""
    values = {name: site.values for name, site in sites.items()}
    for step in cell.steps:
        own = sites[step.site]
        if values[step.site].shape != own.values.shape:
            own = Site(values[step.site], None, own.size[::-1])
        chosen = selection.chosen(step.select, own)
        values[step.site] = operations.perform(
            values[step.site], chosen, step.operation, step.parameters, around[step.site]
        )
    return values


def moved_image(steps: Sequence[Step], image: np.ndarray, stride: int) -> np.ndarray | None:
    """What steps do to an image [H, W, 3], if each moves the whole latent y as an image can be moved.

    `stride` is the image's pixels per element of y. None for other steps, and for none.
    """
    if not steps:
        return None
    for step in steps:
        if step.site != "y" or step.select or step.operation.on_image is None:
            return None
        image = step.operation.on_image(image, stride, **step.parameters)
        if image is None:
            return None
    return image


def sets_needed(named: Mapping[str, Edit]) -> list[str]:
    """The image sets whose latents the edits ask for, beside those of the images that are edited."""
    steps = [step for edit in named.values() for step in edit.steps]
    return list(
        dict.fromkeys(name for step in steps for name in operations.sets_needed(step.operation, step.parameters))
    )


def files_needed(named: Mapping[str, Edit]) -> list[str]:
    """The files that the edits ask for: masks."""
    masks = [step.select.get("mask", {}) for edit in named.values() for step in edit.steps]
    return list(dict.fromkeys(mask["png"] for mask in masks if "png" in mask))


def as_text(steps: Iterable[Step]) -> str:
    """Steps as JSON for a record, the same for the same steps: a list of objects with `select`, `op`, `site`."""
    return json.dumps([step.data() for step in steps], sort_keys=True)


def from_text(text: str) -> tuple[Step, ...]:
    """The steps of a cell as a record has them (`as_text`); none for an empty text. Raises CodecError."""
    return parsed(json.loads(text)).steps if text else ()


def _step_problems(step: object) -> Iterator[str]:
    if not isinstance(step, Mapping) or "op" not in step:
        yield f"found {step!r}; allowed: a mapping with {', '.join(_STEP)}, of which op is required"
        return
    for key in step:
        if key not in _STEP:
            yield f"{key}: this key is unknown; {allowed(key, _STEP)}"
    if step.get("site", "y") not in SITES:
        yield f"site: found {step['site']!r}; {allowed(step['site'], SITES)}"
    yield from selection.problems(step.get("select", {}))
    try:
        operations.parsed(step["op"])
    except CodecError as error:
        yield str(error)


def _swept(step: Step, channels: int) -> list[tuple[str, Step]]:
    """A step for each combination of its sweeps' values, with these as text."""
    axes: list[list[tuple[str, dict, dict]]] = []
    select = step.select
    if select.get("channels") == selection.ONE_BY_ONE:
        digits = len(str(channels - 1))
        axes.append([(f"{channel:0{digits}d}", {"channels": [channel]}, {}) for channel in range(channels)])
    if "top" in select and not isinstance(select["top"]["k"], int):
        counts = _counts(select["top"]["k"], channels)
        axes.append([(text, {"top": {**select["top"], "k": count}}, {}) for text, count in counts])
    if isinstance(seeds := select.get("order", {}).get("seed"), list):
        axes.append([(f"{seed}", {"order": {**select["order"], "seed": seed}}, {}) for seed in seeds])
    for key, value in step.parameters.items():
        if isinstance(value, list) or value == operations.ALL:
            values = _counts(value, channels) if value == operations.ALL else [(f"{item}", item) for item in value]
            axes.append([(text, {}, {key: item}) for text, item in values])
    steps = []
    for combination in itertools.product(*axes):
        own_select, own_parameters = {**select}, {**step.parameters}
        for _, selected, parameter in combination:
            own_select |= selected
            own_parameters |= parameter
        own = replace(step, select=own_select, parameters=own_parameters)
        steps.append((",".join(text for text, _, _ in combination), own))
    return steps


def _counts(counts: object, channels: int) -> list[tuple[str, int]]:
    numbers = list(range(1, channels + 1)) if counts == selection.ALL else list(counts)
    digits = len(str(max(numbers)))
    return [(f"{number:0{digits}d}", number) for number in numbers]


def _policies(steps: Sequence[Step], wanted: Sequence[str], channels: Mapping[str, int]) -> Sequence[str]:
    if "z" not in channels:
        return ["none"]
    return ["edited"] if any(step.site == "z" for step in steps) else wanted
