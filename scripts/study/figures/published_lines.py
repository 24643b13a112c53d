"""Published curves in figures: thin grey lines without markers, named in the legend and cited in a note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from study.figures.palette import Style

FAMILY = "published"
COLOURS = ("#3c3c3c", "#707070", "#9a9a9a")
DASHES = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (6, 1.5, 1, 1.5)))
RATES = {"payload": "rate of the payload", "estimate": "estimated rate", "unknown": "what its rate counts isn't told"}


def styles(rows: Iterable[Mapping[str, str]], metrics: Sequence[str]) -> dict[str, Style]:
    """The look of each curve in rows of published.csv that has points of one of the `metrics`, by `key`."""
    labels = {key(row): row["label"] for row in rows if row["metric"] in metrics}
    return {
        name: Style(label, FAMILY, COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)], "")
        for index, (name, label) in enumerate(labels.items())
    }


def key(row: Mapping[str, str]) -> str:
    """What a curve is called among the codecs of a figure: no codec's id has a slash."""
    return f"{FAMILY}/{row['curve']}"


def points(rows: Iterable[Mapping[str, str]], metric: str, end: float) -> dict[str, list[tuple[float, float]]]:
    """Rates and values of each curve at a metric, in order of rate, as far as the first point beyond the rate `end`."""
    by_curve: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["metric"] == metric:
            by_curve.setdefault(key(row), []).append((float(row["bpp"]), float(row["value"])))
    for name, part in by_curve.items():
        part.sort()
        inside = sum(rate <= end for rate, _ in part)
        by_curve[name] = part[: inside + 1]
    return by_curve


def notes(rows: Iterable[Mapping[str, str]], drawn: Mapping[str, Style]) -> list[str]:
    """A note that cites the curves that are drawn, with what their rates count."""
    cited = {}
    for row in rows:
        if key(row) in drawn:
            about = f"; {RATES[row['counts']]}" if row["counts"] in RATES else ""
            cited[key(row)] = f"{row['label']} ({row['source']}{about})"
    return [f"Published curves, means over the same images: {'; '.join(cited.values())}."] if cited else []
