"""Whether the edits that an experiment names for a figure are of the kind that the figure shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from study.latents import edits, selection
from study.latents.edits import Step


def problems(place: str, experiment: Mapping) -> Iterator[str]:
    """What is wrong with the figures of an experiment; an edit that isn't sound, or isn't there, is passed over."""
    for figure, (fits, words) in _FITTING.items():
        chosen = experiment["figures"].get(figure) or []
        for name in [chosen] if isinstance(chosen, str) else chosen:
            given = experiment["edits"].get(name)
            sound = given is not None and not any(edits.problems(given))
            if name == edits.BASELINE or (sound and not fits(edits.parsed(given))):
                yield f"{place}.figures.{figure}: found {name!r}; allowed: {words}"


def _moves(steps: Sequence[Step]) -> bool:
    return all(step.site == "y" and not step.select and step.operation.picture for step in steps)


_FITTING: Mapping[str, tuple[Callable[[Sequence[Step]], bool], str]] = {
    "attribution": (
        lambda steps: len(steps) == 1 and steps[0].select.get("channels") == selection.EACH,
        "an edit of each channel in turn (select: {channels: each})",
    ),
    "progressive": (
        lambda steps: any("top" in step.select for step in steps),
        "an edit of the strongest channels (select: {top: …})",
    ),
    "interpolation": (
        lambda steps: any(step.operation.name == "interpolate" for step in steps),
        "edits with the operation interpolate",
    ),
    "equivariance": (_moves, "edits that move the whole of y (roll, flip, rotate, transpose; without select)"),
}
