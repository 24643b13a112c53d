"""What the plotting commands share: options, and reading the study's tables."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from study.core import readers
from study.core.errors import StudyError, allowed
from study.figures import bd_rate, curves, palette, paper
from study.figures.palette import Style
from study.figures.paper import Paper


def add_tables(parser: argparse.ArgumentParser, *names: str) -> None:
    """Options for tables of the study (`rd`, `means`, `bd`), for codecs.csv, and for the image set."""
    for name in (*names, "codecs"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="CSV", help=f"the study's {name}.csv")
    parser.add_argument("--set", required=True, metavar="ID", help="image set to draw")


def add_out(parser: argparse.ArgumentParser) -> None:
    """The options for the files to write, and for the paper that they are made for."""
    parser.add_argument(
        "--out",
        type=Path,
        nargs="+",
        required=True,
        metavar="PATH",
        help="files to write, .pdf, .svg or .png; a path with another suffix, or none, gets .png and .pdf added",
    )
    add_paper(parser)


def add_paper(parser: argparse.ArgumentParser) -> None:
    """Options that say which paper figures are made for."""
    default = Paper()
    parser.add_argument(
        "--width",
        default=default.width,
        metavar="WIDTH",
        help=f"width of the figure: {', '.join(f'{name} ({mm:g} mm)' for name, mm in paper.COLUMNS.items())}, or a "
        "number of mm (default: %(default)s)",
    )
    parser.add_argument("--font", default=default.font, metavar="NAME", help="font (default: %(default)s)")
    parser.add_argument(
        "--font-size", type=float, default=default.font_size, metavar="POINTS", help="its size (default: %(default)g)"
    )


def paper_of(arguments: argparse.Namespace) -> Paper:
    """The options of `add_paper`."""
    vector = getattr(arguments, "vector", None)
    more = {} if vector is None else {"vector": vector}
    return Paper(arguments.width, arguments.font, arguments.font_size, **more)


def add_curves(parser: argparse.ArgumentParser) -> None:
    """Options that say how to draw rate-distortion curves."""
    default = curves.Options()
    parser.add_argument(
        "--panels",
        nargs="+",
        default=default.panels,
        metavar="METRIC",
        help=f"metrics, one panel each (default: {' '.join(default.panels)})",
    )
    add_rate(parser)
    parser.add_argument(
        "--ssim-scale",
        choices=curves.SSIM_SCALES,
        default=default.ssim_scale,
        help="metrics of the SSIM family as they are, or as -10 log10(1 - x) (default: %(default)s)",
    )


def add_rate(parser: argparse.ArgumentParser) -> None:
    """Options that say how to draw the rate axis."""
    default = curves.Options()
    parser.add_argument("--rate-axis", choices=curves.RATE_AXES, default=default.rate_axis, help="default: %(default)s")
    parser.add_argument(
        "--max-bpp",
        type=float,
        metavar="BPP",
        help="end of the rate axis (default: on a log axis the last point; on a linear one 2 bpp or less, or the last "
        "point if most lie beyond)",
    )


def add_bd(parser: argparse.ArgumentParser) -> None:
    """Options that choose among the rows of bd.csv."""
    parser.add_argument(
        "--over",
        choices=bd_rate.OVERS,
        default=bd_rate.OVERS[0],
        help="what is drawn of the set (default: %(default)s)",
    )
    parser.add_argument("--method", metavar="METHOD", help="interpolation of the curves (default: the first in bd.csv)")


def add_images(parser: argparse.ArgumentParser) -> None:
    """The option for the records of the images, for `image_notes.of`."""
    parser.add_argument(
        "--images",
        type=Path,
        nargs="+",
        default=[],
        metavar="CSV",
        help="records of the set, or of all its parts (results/images/<set>/images.csv), to note which images were "
        "JPEG before",
    )


def curve_options(arguments: argparse.Namespace) -> curves.Options:
    """The options of `add_curves`."""
    return curves.Options(arguments.panels, arguments.rate_axis, arguments.max_bpp, arguments.ssim_scale)


def rows_of(path: Path, image_set: str, columns: Iterable[str] = ()) -> list[dict[str, str]]:
    """The rows of a table that belong to one image set. Raises StudyError for a set or columns that the table lacks."""
    rows = read(path, ["image_set", *columns])
    of_set = [row for row in rows if row["image_set"] == image_set]
    if not of_set:
        known = dict.fromkeys(row["image_set"] for row in rows)
        raise StudyError(f"{path} has no row of image set {image_set!r}; {allowed(image_set, known)}")
    return of_set


def bd_rows(path: Path, image_set: str) -> list[dict[str, str]]:
    """The rows of bd.csv that belong to one image set; none if the whole table is empty: there is only the anchor."""
    return rows_of(path, image_set, bd_rate.COLUMNS) if read(path, bd_rate.COLUMNS) else []


def codecs(path: Path) -> dict[str, Style]:
    """The looks of the codecs in codecs.csv."""
    return palette.styles(read(path, ["codec", "label", "family"]))


def read(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a table. Raises StudyError where it can't be read or lacks one of the columns."""
    try:
        rows = readers.read_rows(path)
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}; aggregate.py and bd_rate.py write the tables") from None
    for column in columns if rows else ():
        if column not in rows[0]:
            raise StudyError(f"{path} has no column {column!r}; {allowed(column, rows[0])}")
    return rows


def image_title(row: Mapping[str, str]) -> str:
    """The title of an image's figure from one of its rows in rd.csv: name and size."""
    return f"{row['image']} ({row['width']}×{row['height']})"
