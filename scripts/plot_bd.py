"""Draw the BD-rates of an image set as bars, a row for each codec and a panel for each metric.

A PDF whose figure would be longer than a journal's page (240 mm) has several pages.
"""

from __future__ import annotations

import argparse

from study.core.errors import guarded
from study.figures import bd_rate, canvas, image_notes, options, pdf_pages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_tables(parser, "bd")
    parser.add_argument("--metrics", nargs="+", metavar="METRIC", help="metrics to draw (default: all in bd.csv)")
    options.add_images(parser)
    options.add_bd(parser)
    options.add_out(parser)
    arguments = parser.parse_args()
    rows = options.bd_rows(arguments.bd, arguments.set)
    codecs = options.codecs(arguments.codecs)
    notes = image_notes.of(arguments.images)
    with canvas.on(options.paper_of(arguments)):
        chosen = rows, codecs, arguments.metrics, arguments.over, arguments.method, notes
        whole = bd_rate.figure(*chosen)
        out = canvas.paths(arguments.out)
        canvas.save(whole, [path for path in out if path.suffix != ".pdf"])
        if pdfs := [path for path in out if path.suffix == ".pdf"]:
            pdf_pages.save(bd_rate.pages(whole, *chosen), pdfs)


if __name__ == "__main__":
    guarded(main)
