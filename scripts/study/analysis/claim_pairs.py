"""What a claim compares: its parts, each a list of pairs of codecs at one metric, and what keeps it from being tested.

A claim (an entry of `claims.yaml`, or of a study's `define: claims:`) lists comparisons of the form "`better` is better
than `than`". Both are codec ids or patterns with stars. If both patterns have stars, a star stands for the same text in
both: `*-hyperprior-*` against `*-factorized-*` pairs tiny-hyperprior-mse with tiny-factorized-mse and nothing else.
A pattern without stars is compared with every match of the other. `{seed}` in a pattern stands for a whole number: the
codecs that differ in it alone are trainings of one kind, and their mean is compared.

A claim says something of all such pairs that a study has, so a comparison without any says nothing there. A claim can't
be tested in a study that has no pair at all, or that lacks a codec named without stars, or a metric.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from study.analysis import crossed
from study.analysis.claim_training import Trained
from study.codecs.base import Weights
from study.core.errors import allowed
from study.metrics.registry import REGISTRY

BY = ("bd_rate", "bd_metric", "points")
RISES, FALLS = "rises", "falls"
RATE = "bpp"
SEED = "{seed}"
RANGES = {"bpp": ("bd_metric", "points"), "score": ("bd_rate",)}


@dataclass(frozen=True)
class Comparison:
    """One kind of codecs compared with another (rules/schema.yaml, `comparison`)."""

    better: str | list[str]
    than: str | list[str]
    metrics: list[str]
    by: str = BY[0]
    bpp: list[float] | None = None
    score: list[float] | None = None
    margin: float = 0
    need: str | float = "all"

    @property
    def sides(self) -> dict[str, list[str]]:
        """The patterns of both sides, as lists."""
        return {"better": patterns(self.better), "than": patterns(self.than)}

    @property
    def ranges(self) -> dict[str, list[float]]:
        """The ranges that are given, by key."""
        given = {key: getattr(self, key) for key in RANGES}
        return {key: ends for key, ends in given.items() if ends is not None}


@dataclass(frozen=True)
class Change:
    """What edits of latents are said to do to measures (rules/schema.yaml, `change`)."""

    edits: list[str]
    metrics: list[str]
    change: str
    report: str | None = None
    need: str | float = "all"


@dataclass(frozen=True)
class Claim:
    """A claim about codecs or edits, which holds if each comparison and change does (rules/schema.yaml, `claim`)."""

    text: str
    compare: list[Comparison] = field(default_factory=list)
    edits: list[Change] = field(default_factory=list)
    source: str = ""
    departure: str = ""


@dataclass(frozen=True)
class ClaimOptions:
    """Which claims a study tests, by ids or patterns of ids, and how (rules/schema.yaml, `claims`)."""

    test: list[str]
    min_overlap: float = 0.5


@dataclass(frozen=True)
class Part:
    """One comparison at one metric in a study.

    `within` is the range: rates in bpp, or scores for `bd_rate`; None is all that both curves cover. `pairs` are ids of
    codecs, the one claimed to be better first; an id with `{seed}` stands for those in `trainings`, one a seed.
    """

    metric: str
    by: str
    within: list[float] | None = None
    margin: float = 0
    need: str | float = "all"
    pairs: list[list[str]] = field(default_factory=list)
    trainings: dict[str, list[str]] = field(default_factory=dict)

    def codecs(self, pair: Sequence[str]) -> list[tuple[str, str]]:
        """The codecs that a pair compares: itself, or a pair for each seed."""
        better, than = (self.trainings.get(name, [name]) for name in pair)
        count = max(len(better), len(than))
        return list(zip(*(side if len(side) == count else side * count for side in (better, than))))


@dataclass(frozen=True)
class ClaimTest:
    """A claim as a study tests it; `problems` tell why it can't be tested there."""

    claim: str
    text: str
    source: str
    departure: str
    parts: list[Part]
    problems: list[str]
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class ClaimPlan:
    """What `claims.py` is given: the claims, the kind of each codec's weights (`weights_kind`), the options.

    `trained` says of codecs with recipes what they were trained with.
    """

    claims: list[ClaimTest]
    weights: dict[str, str]
    options: ClaimOptions
    trained: dict[str, Trained] = field(default_factory=dict)


def parts(claim: Claim, codecs: Sequence[str], metrics: Sequence[str]) -> tuple[list[Part], list[str]]:
    """A claim's parts in a study of these codecs and metrics, and why it can't be tested there (empty if it can)."""
    compared: list[Part] = []
    lacking: list[str] = []
    missing: list[str] = []
    for comparison in claim.compare:
        sides = comparison.sides
        paired, why = pairs(sides["better"], sides["than"], codecs)
        (missing if any("*" not in pattern for side in sides.values() for pattern in side) else lacking).extend(why)
        found = {name: seeds(name, codecs) for pair in paired for name in pair if SEED in name}
        trainings = {name: list(by_seed.values()) for name, by_seed in found.items()}
        missing.extend(_unlike(paired, found))
        within = next(iter(comparison.ranges.values()), None)
        for metric in comparison.metrics:
            if metric not in metrics:
                missing.append(f"the metric {metric!r} is not among the study's metrics")
            codec_pairs = [list(pair) for pair in paired]
            compared.append(
                Part(metric, comparison.by, within, comparison.margin, comparison.need, codec_pairs, trainings)
            )
    return compared, list(dict.fromkeys(missing or ([] if any(part.pairs for part in compared) else lacking)))


def pairs(better: Iterable[str], than: Iterable[str], codecs: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The pairs of codecs that the patterns mean, each once, and what is missing if there are none."""
    better, than = list(better), list(than)
    known = {pattern: matches(pattern, codecs) for pattern in (*better, *than)}
    matched = [
        (winner, loser)
        for first in better
        for second in than
        for winner, text in known[first].items()
        for loser, same in known[second].items()
        if winner != loser and (not text or not same or text == same)
    ]
    if matched:
        return list(dict.fromkeys(matched)), []
    lacking = [side for side in (better, than) if not any(known[pattern] for pattern in side)]
    if lacking:
        return [], [f"no codec of the study is {_alternatives(side)}" for side in lacking]
    return [], [f"no codec that is {_alternatives(better)} has its counterpart that is {_alternatives(than)}"]


def matches(pattern: str, codecs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The codecs that a pattern matches, with what its stars stand for in each.

    Of a pattern with `{seed}`, the codecs that differ in the seed alone are one, named with `{seed}` in its place.
    """
    found = {}
    for codec, match in _matched(pattern, codecs):
        texts = match.groupdict()
        if texts.pop("seed", None) is not None:
            start, end = match.span("seed")
            codec = f"{codec[:start]}{SEED}{codec[end:]}"
        found[codec] = tuple(texts.values())
    return found


def seeds(name: str, codecs: Iterable[str]) -> dict[int, str]:
    """The codecs that a name with `{seed}` stands for, by their seeds, in order."""
    return dict(sorted((int(match["seed"]), codec) for codec, match in _matched(name, codecs)))


def _matched(pattern: str, codecs: Iterable[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """The codecs that a pattern matches; a match's groups are the stars, by their places, and `seed`."""
    text = ""
    for number, piece in enumerate(re.split(r"(\*|\{seed\})", pattern)):
        known = {"*": f"(?P<star{number}>.*)", SEED: "(?P<seed>(?<![0-9])(?:0|[1-9][0-9]*)(?![0-9]))"}
        text += known.get(piece, re.escape(piece))
    expression = re.compile(text)
    return ((codec, match) for codec in codecs if (match := expression.fullmatch(codec)))


def problems(
    options: ClaimOptions | None,
    known: Mapping[str, Claim],
    own: Collection[str],
    codecs: Sequence[str],
    metrics: Sequence[str],
    known_codecs: Iterable[str],
    known_edits: Collection[str],
) -> Iterator[str]:
    """What is wrong with the claims of a study: those of catalogue/claims.yaml and its `own`, by id in `known`.

    A claim of the study's own must be about its `codecs` and `metrics`; ids and metrics in claims.yaml must be known
    ones. `known_edits` are the edits of the catalogue and of the study's experiments.
    """
    wrong = {
        name: [*slips(claim), *([] if name in own else unknown(claim, known_codecs)), *_foreign(claim, known_edits)]
        for name, claim in known.items()
    }
    yield from (f"claim {name}: {slip}" for name, faults in wrong.items() for slip in faults)
    if options is None:
        return
    for pattern in options.test:
        if not matches(pattern, known):
            yield f"claims.test: no claim is {pattern!r}; {allowed(pattern, known)}"
    for name in chosen(options.test, [name for name in own if not wrong[name]]):
        foreign = list(unknown(known[name], codecs, "no codec of the study", stars=True))
        for problem in foreign or parts(known[name], codecs, metrics)[1]:
            yield f"claim {name}: {problem}"


def plan(
    options: ClaimOptions,
    known: Mapping[str, Claim],
    codecs: Sequence[str],
    metrics: Sequence[str],
    weights: Mapping[str, str],
    trained: Mapping[str, Trained] | None = None,
) -> ClaimPlan:
    """The claims that a study of these codecs and metrics tests; `weights` are the kinds of its codecs' weights."""
    tests = []
    for name in chosen(options.test, known):
        claim = known[name]
        compared, lacking = parts(claim, codecs, metrics)
        tests.append(ClaimTest(name, claim.text, claim.source, claim.departure, compared, lacking, claim.edits))
    return ClaimPlan(tests, dict(weights), options, dict(trained or {}))


def chosen(test: Iterable[str], known: Iterable[str]) -> list[str]:
    """The claims, of those known, that a study tests: ids or patterns of ids, in the order given."""
    known = list(known)
    return list(dict.fromkeys(name for pattern in test for name in matches(pattern, known)))


def patterns(value: str | Sequence[str]) -> list[str]:
    """One pattern, or a list of them, as a list."""
    return [value] if isinstance(value, str) else list(value)


def slips(claim: Claim) -> Iterator[str]:
    """What is wrong with a claim in any study."""
    if not claim.compare and not claim.edits:
        yield "it says nothing; a claim needs `compare` (codecs) or `edits` (changes by edits of latents)"
    for number, change in enumerate(claim.edits):
        if not _is_need(change.need):
            yield f"edits.{number}.need: found {change.need!r}; {_NEED}"
        for metric in change.metrics:
            if metric != RATE and metric not in REGISTRY:
                yield f"edits.{number}.metrics: the metric {metric!r} is unknown; {allowed(metric, [RATE, *REGISTRY])}"
    for number, comparison in enumerate(claim.compare):
        where, by, need = f"compare.{number}", comparison.by, comparison.need
        for key, ends in comparison.ranges.items():
            if by not in RANGES[key]:
                takes = next(name for name, methods in RANGES.items() if by in methods)
                yield f"{where}.{key}: by {by} takes a range of `{takes}`"
            elif ends[0] >= ends[1]:
                yield f"{where}.{key}: found {ends}; allowed: two numbers, the smaller first"
        if not _is_need(need):
            yield f"{where}.need: found {need!r}; {_NEED}"
        for metric in comparison.metrics:
            if metric not in REGISTRY:
                yield f"{where}.metrics: the metric {metric!r} is unknown; {allowed(metric, REGISTRY)}"
        better, than = ({pattern.count("*") for pattern in side} for side in comparison.sides.values())
        if any(stars and other and stars != other for stars in better for other in than):
            yield f"{where}: a star stands for the same text on both sides, so both need the same number of stars"
        for pattern in (one for side in comparison.sides.values() for one in side if one.count(SEED) > 1):
            yield f"{where}: {pattern!r} has {SEED} more than once; a codec has one seed"


def unknown(claim: Claim, codecs: Iterable[str], none: str = "no codec", stars: bool = False) -> Iterator[str]:
    """The ids in a claim, and the patterns too if `stars`, that match none of `codecs`, as messages."""
    codecs = list(codecs)
    for number, comparison in enumerate(claim.compare):
        for side, own in comparison.sides.items():
            for pattern in own:
                if (stars or "*" not in pattern) and not matches(pattern, codecs):
                    yield f"compare.{number}.{side}: {none} is {pattern!r}; {allowed(pattern, codecs)}"


def _foreign(claim: Claim, known_edits: Collection[str]) -> Iterator[str]:
    for number, change in enumerate(claim.edits):
        for name in change.edits:
            if name not in known_edits:
                yield f"edits.{number}.edits: the edit {name!r} is unknown; {allowed(name, known_edits)}"


def weights_kind(weights: Weights | None) -> str:
    """Where a codec's weights come from: bundled, published, trained or local; empty for a codec without weights."""
    if weights is None:
        return ""
    if weights.path is None:
        return "published"
    return {"models": "bundled", "results": "trained"}.get(weights.path.split("/")[0], "local")


_NEED = "allowed: all, any, or a share above 0 and up to 1"


def _is_need(need: object) -> bool:
    return need in ("all", "any") or (isinstance(need, int | float) and 0 < need <= 1)


def _unlike(paired: Iterable[tuple[str, str]], found: Mapping[str, Mapping[int, str]]) -> Iterator[str]:
    """What is wrong with the seeds of the pairs, `found` by name: too few, or others on the other side."""
    told = {name: f"{name} has the seeds {', '.join(map(str, own))}" for name, own in found.items()}
    for pair in paired:
        seeded = [name for name in pair if name in found]
        for name in seeded:
            if len(found[name]) < crossed.FEWEST:
                yield f"{told[name]}; a comparison over trainings needs {crossed.FEWEST}"
        if len({tuple(found[name]) for name in seeded}) > 1:
            yield f"both sides need the same seeds: {', '.join(told[name] for name in seeded)}"


def _alternatives(side: Sequence[str]) -> str:
    return " or ".join(map(repr, side))
