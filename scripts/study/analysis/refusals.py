"""Why two curves have no BD figure, as data: for a table, for a reader, and for a note that several share."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

CODES = ("points", "worse", "overlap", "images")


@dataclasses.dataclass(frozen=True)
class Refusal:
    """One reason.

    `points`: the curve of `codec` has `count` usable points, fewer than `limit`; `worse`: `count` of its `total` points
    cost more and score no better, more than the share `limit`; `overlap`: the curves overlap in the share `count` of
    the narrower one's range of `over`, less than `limit`; `images`: `count` of `total` images are refused, `first` for
    the reasons `inner`. `cause` is what the study says of the first missing value.
    """

    code: str
    codec: str = ""
    count: float = 0
    total: int = 0
    limit: float = 0
    over: str = ""
    first: str = ""
    cause: str = ""
    inner: tuple[Refusal, ...] = ()

    def text(self, shown: Mapping[str, str] | None = None, name: Callable[[str], str] = str) -> str:
        """The reason in words; `shown` replaces the texts of fields, `name` gives codecs' names."""
        part = {"count": f"{self.count:.1%}" if self.code == "overlap" else f"{self.count:g}"}
        part |= {"over": self.over, "first": self.first, "inner": text(self.inner, name)} | dict(shown or {})
        if self.code == "images":
            return f"{part['count']} of {self.total} images are refused, first {part['first']} ({part['inner']})"
        if self.code == "overlap":
            return (
                f"the curves overlap in {part['count']} of the narrower one's range of {part['over']}, "
                f"at least {self.limit:.1%} is needed"
            )
        why = f"{part['count']} usable points, at least {self.limit:g} are needed"
        if self.code == "worse":
            why = f"{part['count']} of {self.total} points cost more and score no better, at most {self.limit:.0%} may"
        return f"{name(self.codec)}: {why}{f' ({self.cause})' if self.cause else ''}"


def text(refusals: Iterable[Refusal], name: Callable[[str], str] = str) -> str:
    """The reasons in words, each once, joined with `; `."""
    return "; ".join(dict.fromkeys(refusal.text(name=name) for refusal in refusals))


def as_json(refused: Mapping[str, Sequence[Refusal]]) -> str:
    """The reasons of a row of bd.csv by figure, for its column `refusals`; empty if nothing is refused."""
    by_codec = {name: [_fields(refusal) for refusal in reasons] for name, reasons in refused.items() if reasons}
    return json.dumps(by_codec, ensure_ascii=False) if by_codec else ""


def from_json(cell: str, figure: str) -> tuple[Refusal, ...]:
    """The reasons for which a row of bd.csv has not the figure (`bd_rate`, `bd_metric`), from its column `refusals`."""
    return tuple(map(_refusal, json.loads(cell or "{}").get(figure, ())))


def shared(reasons: Iterable[tuple[Refusal, ...]], name: Callable[[str], str] = str) -> dict[tuple, str]:
    """A text for each of several reasons; those that differ in a number or name only have one, with all of them."""
    alike: dict[tuple, list[tuple[Refusal, ...]]] = {}
    for reason in dict.fromkeys(reasons):
        alike.setdefault(_frame(reason), []).append(reason)
    return {reason: _together(members, name) for members in alike.values() for reason in members}


def _frame(reason: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """What reasons that share a text have in common."""
    return tuple(dataclasses.replace(part, count=0, over="", first="", inner=_frame(part.inner)) for part in reason)


def _together(reasons: Sequence[tuple[Refusal, ...]], name: Callable[[str], str]) -> str:
    return "; ".join(dict.fromkeys(_one_text(same, name) for same in zip(*reasons)))


def _one_text(same: Sequence[Refusal], name: Callable[[str], str]) -> str:
    """One text for reasons of one code, with the range of their counts and all of their names."""
    first = same[0]
    shown = {"over": _listed(part.over for part in same), "first": _listed(part.first for part in same)}
    if first.inner:
        shown["inner"] = _together([part.inner for part in same], name)
    counts = sorted({part.count for part in same})
    if len(counts) > 1 and first.code == "overlap":
        shown["count"] = f"{100 * counts[0]:.1f} to {counts[-1]:.1%}"
    elif len(counts) > 1:
        shown["count"] = f"{counts[0]:g} to {counts[-1]:g}"
    return first.text(shown, name)


def _listed(names: Iterable[str]) -> str:
    names = list(dict.fromkeys(names))
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:3])}, …" if len(names) > 4 else f"{', '.join(names[:-1])} or {names[-1]}"


def _fields(refusal: Refusal) -> dict[str, object]:
    fields = {name: value for name, value in vars(refusal).items() if value not in ("", 0, ())}
    return fields | ({"inner": [_fields(part) for part in refusal.inner]} if refusal.inner else {})


def _refusal(fields: Mapping) -> Refusal:
    return Refusal(**{**fields, "inner": tuple(map(_refusal, fields.get("inner", ())))})
