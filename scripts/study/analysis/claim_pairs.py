"""What a claim compares: its parts, each a list of pairs of codecs at one metric, and what keeps it from being tested.

A claim (an entry of `claims.yaml`, or of a study's `define: claims:`) lists comparisons of the form "`better` is better
than `than`". Both are codec ids or patterns with stars. If both patterns have stars, a star stands for the same text in
both: `*-hyperprior-*` against `*-factorized-*` pairs tiny-hyperprior-mse with tiny-factorized-mse and nothing else.
A pattern without stars is compared with every match of the other.

A claim says something of all such pairs that a study has, so a comparison without any says nothing there. A claim can't
be tested in a study that has no pair at all, or that lacks a codec named without stars, or a metric.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from study.codecs.base import Weights
from study.core.errors import allowed
from study.metrics.registry import REGISTRY

BY = ("bd_rate", "bd_metric", "points")
RANGES = {"bpp": ("bd_metric", "points"), "score": ("bd_rate",)}


def parts(claim: Mapping, codecs: Sequence[str], metrics: Sequence[str]) -> tuple[list[dict], list[str]]:
    """A claim's parts in a study of these codecs and metrics, and why it can't be tested there (empty if it can).

    A part is one comparison at one metric: `metric`, `by`, `within` (the range: rates, or scores for `bd_rate`; None is
    all that both curves cover), `margin`, `need`, and `pairs` of codec ids, the one claimed to be better first.
    """
    found, lacking, missing = [], [], []
    for comparison in claim["compare"]:
        sides = [patterns(comparison[side]) for side in ("better", "than")]
        chosen, why = pairs(*sides, codecs)
        (missing if any("*" not in pattern for side in sides for pattern in side) else lacking).extend(why)
        by = comparison.get("by", BY[0])
        for metric in comparison["metrics"]:
            if metric not in metrics:
                missing.append(f"the metric {metric!r} is not among the study's metrics")
            found.append(
                {
                    "metric": metric,
                    "by": by,
                    "within": next((comparison[key] for key in RANGES if key in comparison), None),
                    "margin": comparison.get("margin", 0),
                    "need": comparison.get("need", "all"),
                    "pairs": chosen,
                }
            )
    return found, list(dict.fromkeys(missing or ([] if any(part["pairs"] for part in found) else lacking)))


def pairs(better: Iterable[str], than: Iterable[str], codecs: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The pairs of codecs that the patterns mean, each once, and what is missing if there are none."""
    better, than = list(better), list(than)
    known = {pattern: matches(pattern, codecs) for pattern in (*better, *than)}
    found = [
        (one, other)
        for first in better
        for second in than
        for one, text in known[first].items()
        for other, same in known[second].items()
        if one != other and (not text or not same or text == same)
    ]
    if found:
        return list(dict.fromkeys(found)), []
    lacking = [side for side in (better, than) if not any(known[pattern] for pattern in side)]
    if lacking:
        return [], [f"no codec of the study is {_alternatives(side)}" for side in lacking]
    return [], [f"no codec that is {_alternatives(better)} has its counterpart that is {_alternatives(than)}"]


def matches(pattern: str, codecs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The codecs that a pattern matches, with what its stars stand for in each."""
    expression = re.compile("(.*)".join(re.escape(text) for text in pattern.split("*")))
    found = ((codec, expression.fullmatch(codec)) for codec in codecs)
    return {codec: match.groups() for codec, match in found if match}


def problems(config: Mapping, known: Mapping[str, Mapping], known_codecs: Iterable[str]) -> Iterator[str]:
    """What is wrong with the claims of a config: those of catalogue/claims.yaml and its own, by id in `known`.

    A claim of the study's own must be about codecs and metrics of the study; ids and metrics in claims.yaml must be
    known ones.
    """
    own = config["define"]["claims"]
    wrong = {
        name: [*slips(claim), *([] if name in own else unknown(claim, known_codecs))] for name, claim in known.items()
    }
    yield from (f"claim {name}: {slip}" for name, found in wrong.items() for slip in found)
    if "claims" not in config:
        return
    for pattern in config["claims"]["test"]:
        if not matches(pattern, known):
            yield f"claims.test: no claim is {pattern!r}; {allowed(pattern, known)}"
    for name in chosen(config["claims"]["test"], [name for name in own if not wrong[name]]):
        foreign = list(unknown(own[name], config["codecs"], "no codec of the study", stars=True))
        for problem in foreign or parts(own[name], list(config["codecs"]), config["metrics"])[1]:
            yield f"claim {name}: {problem}"


def plan(
    config: Mapping, known: Mapping[str, Mapping], codecs: Sequence[str], weights: Mapping[str, str]
) -> dict[str, object]:
    """What `claims.py` needs to know of a study: the claims with their parts, the codecs' weights, the options."""
    found = []
    for name in chosen(config["claims"]["test"], known):
        listed, why = parts(known[name], codecs, config["metrics"])
        about = {"claim": name, "text": known[name]["text"], "source": known[name].get("source", "")}
        about["departure"] = known[name].get("departure", "")
        found.append(about | {"parts": listed, "problems": why})
    options = {"min_overlap": config["claims"]["min_overlap"]}
    return {"claims": found, "weights": dict(weights), "options": options}


def chosen(test: Iterable[str], known: Iterable[str]) -> list[str]:
    """The claims, of those known, that a study tests: ids or patterns of ids, in the order given."""
    known = list(known)
    return list(dict.fromkeys(name for pattern in test for name in matches(pattern, known)))


def patterns(value: str | Sequence[str]) -> list[str]:
    """One pattern, or a list of them, as a list."""
    return [value] if isinstance(value, str) else list(value)


def slips(claim: Mapping) -> Iterator[str]:
    """What is wrong with a claim in any study."""
    for number, comparison in enumerate(claim["compare"]):
        place = f"compare.{number}"
        by = comparison.get("by", BY[0])
        given = [key for key in RANGES if key in comparison]
        for key in given:
            if by not in RANGES[key]:
                takes = next(name for name, methods in RANGES.items() if by in methods)
                yield f"{place}.{key}: by {by} takes a range of `{takes}`"
            elif comparison[key][0] >= comparison[key][1]:
                yield f"{place}.{key}: found {comparison[key]}; allowed: two numbers, the smaller first"
        need = comparison.get("need", "all")
        if need not in ("all", "any") and not (isinstance(need, int | float) and 0 < need <= 1):
            yield f"{place}.need: found {need!r}; allowed: all, any, or a share above 0 and up to 1"
        for metric in comparison["metrics"]:
            if metric not in REGISTRY:
                yield f"{place}.metrics: the metric {metric!r} is unknown; {allowed(metric, REGISTRY)}"
        stars = [{pattern.count("*") for pattern in patterns(comparison[side])} for side in ("better", "than")]
        if any(one and other and one != other for one in stars[0] for other in stars[1]):
            yield f"{place}: a star stands for the same text on both sides, so both need the same number of stars"


def unknown(claim: Mapping, codecs: Iterable[str], none: str = "no codec", stars: bool = False) -> Iterator[str]:
    """The ids in a claim, and the patterns too if `stars`, that match none of `codecs`, as messages."""
    codecs = list(codecs)
    for number, comparison in enumerate(claim["compare"]):
        for side in ("better", "than"):
            for pattern in patterns(comparison[side]):
                if (stars or "*" not in pattern) and not matches(pattern, codecs):
                    yield f"compare.{number}.{side}: {none} is {pattern!r}; {allowed(pattern, codecs)}"


def weights_kind(weights: Weights | None) -> str:
    """Where a codec's weights come from: bundled, published, trained or local; empty for a codec without weights."""
    if weights is None:
        return ""
    if weights.path is None:
        return "published"
    return {"models": "bundled", "results": "trained"}.get(weights.path.split("/")[0], "local")


def _alternatives(side: Sequence[str]) -> str:
    return " or ".join(map(repr, side))
