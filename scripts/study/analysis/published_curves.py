"""Published rate-distortion curves: averages over an image set that others have published, in `references/`.

`<image set>.csv` has the points: `curve`, `quality` (empty if the publication doesn't tell), `bpp`, and a column for
each metric. `curves.csv` tells of each curve its `label`, what its rate `counts` (`payload`: the entropy-coded strings
alone; `file`; `estimate`: all that a decoder needs, as the probability model prices it; `unknown`), what was `scored`
(images of `8-bit`; `float`: not rounded; `unknown`), and its `source`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from study.core import readers
from study.core.errors import allowed
from study.core.paths import ROOT

FOLDER = "references"
CURVES = f"{FOLDER}/curves.csv"
COLUMNS = ("image_set", "source", "curve", "codec", "label", "quality", "bpp", "counts", "metric", "value", "drawn")


def of(image_sets: Sequence[str]) -> dict[str, str]:
    """The table of points of each image set that has one, relative to the repository."""
    paths = {name: f"{FOLDER}/{name}.csv" for name in image_sets if name != "curves"}
    return {name: path for name, path in paths.items() if (ROOT / path).is_file()}


def curves() -> dict[str, dict[str, str]]:
    """Every curve's entry by id."""
    return {row["curve"]: row for row in readers.read_rows(ROOT / CURVES)}


def chosen(patterns: Sequence[str], known: Collection[str]) -> list[str]:
    """The `known` ids of curves that one of the `patterns` (ids, or ids with stars) fits, in their own order."""
    return [curve for curve in known if any(fnmatchcase(curve, pattern) for pattern in patterns)]


def problems(published: Mapping[str, Mapping[str, str]], draw: Sequence[str] = ()) -> Iterator[str]:
    """Curves that codecs name (`published`, by codec), or a study (`draw`), and that don't exist, as messages."""
    named = [(name, curve) for name, of_codec in published.items() for curve in of_codec]
    known = curves() if named or draw else {}
    for pattern in draw:
        if not chosen([pattern], known):
            yield f"published.draw: no published curve is {pattern!r}; {allowed(pattern, known)}"
    for name, curve in named:
        if curve not in known:
            yield f"codec {name}: published: the curve {curve!r} is unknown; {allowed(curve, known)}"


def points(
    image_set: str,
    rows: Sequence[Mapping[str, str]],
    about: Mapping[str, Mapping],
    metrics: Sequence[str],
    published: Mapping[str, Mapping[str, str]],
    drawn: Collection[str] = (),
) -> list[dict[str, str]]:
    """The rows of published.csv, `COLUMNS`: points of every curve at the metrics, by rising rate.

    `codec` is the study's codec that is checked against the curve (`published`, by codec), the first if there are
    several; it is empty if there is none. `drawn` tells whether figures show the curve: it is one of those `drawn`.
    """
    selected = []
    for curve, entry in about.items():
        mine = sorted((row for row in rows if row["curve"] == curve), key=lambda row: float(row["bpp"]))
        shared = {name: entry[name] for name in ("source", "curve", "label", "counts")} | {"image_set": image_set}
        shared["codec"] = next((name for name, known in published.items() if curve in known), "")
        shared["drawn"] = "yes" if curve in drawn else "no"
        selected += [
            shared | {"metric": metric, "value": row[metric], "quality": row["quality"], "bpp": row["bpp"]}
            for metric in metrics
            for row in mine
            if row.get(metric)
        ]
    return selected
