"""Do halves of a latent's channels differ? What zeroing half of them does, by the order in which they are counted.

A half is a span of half the channels: the first, the middle or the second, in the codec's own order, in falling order
of energy or of bits, or in random orders. If the two halves of a random order differ as much as those of the codec's
own, its order says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from study.latents import edits, selection

COLUMNS = (
    "image_set", "image", "codec", "quality", "side_information", "measure", "order", "seed", "half",
    "baseline", "value", "reason",
)  # fmt: skip
HALVES = {(0.0, 0.5): "first", (0.25, 0.75): "middle", (0.5, 1.0): "second"}
OWN = "own"
ORDERS = (OWN, *selection.BY, selection.RANDOM)


@dataclass(frozen=True)
class Half:
    """A half of the channels that an edit zeroes: the order they are counted in, its seed, and which half."""

    order: str
    seed: int | None
    half: str


def half_of(steps: Sequence[edits.Step]) -> Half | None:
    """The half of y's channels that a cell's steps set to 0; None for any other edit."""
    if len(steps) != 1 or steps[0].site != "y" or steps[0].operation.name != "zero":
        return None
    select = steps[0].select
    span, order = select.get("channels"), select.get("order", {})
    if not set(select) <= {"channels", "order"} or not isinstance(span, Mapping):
        return None
    half = HALVES.get((float(span.get("from", 0.0)), float(span.get("to", 1.0))))
    return Half(order.get("by", OWN), order.get("seed"), half) if half else None


def rows(own: Sequence[Mapping], measures: Sequence[str]) -> list[dict[str, object]]:
    """A row for each policy, measure, order, seed and half among one image's edits `own`, in the order of `ORDERS`.

    `measures` are columns of `own`, `baseline` is the value without an edit. An edit without value has a reason.
    """
    table = []
    for row in own:
        half = half_of(edits.from_text(row["steps"]))
        if half is None:
            continue
        policy = row["side_information"]
        base = next((cell for cell in own if cell["edit"] == edits.BASELINE and cell["side_information"] == policy), {})
        same = {key: row[key] for key in ("image_set", "image", "codec", "quality", "side_information", "reason")}
        same |= {"order": half.order, "seed": half.seed, "half": half.half}
        table += [{**same, "measure": name, "value": row[name], "baseline": base.get(name)} for name in measures]
    return sorted(table, key=lambda row: (measures.index(row["measure"]), ORDERS.index(str(row["order"]))))


def differences(table: Sequence[Mapping], policy: str, measure: str) -> dict[str, list[float]]:
    """How far the first and the second half are apart at a measure: by order, one figure for each seed."""
    return {
        order: apart
        for order in ORDERS
        if (apart := list(_apart(table, {"side_information": policy, "measure": measure, "order": order})))
    }


def _apart(table: Sequence[Mapping], wanted: Mapping[str, str]) -> Iterator[float]:
    halves: dict[object, dict[object, float]] = {}
    for row in table:
        if all(row[key] == value for key, value in wanted.items()) and row["value"] is not None:
            halves.setdefault(row["seed"], {})[row["half"]] = row["value"]
    for values in halves.values():
        if {"first", "second"} <= set(values):
            yield abs(values["first"] - values["second"])
