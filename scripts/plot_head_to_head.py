"""Draw every pair of codecs of an image set head to head: a matrix of BD-rates for one metric."""

from __future__ import annotations

import argparse

from study.core.errors import StudyError, allowed, guarded
from study.figures import canvas, head_to_head, image_notes, options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_tables(parser, "head_to_head")
    parser.add_argument("--metric", required=True, help="metric of head_to_head.csv to draw")
    parser.add_argument("--anchor", required=True, help="codec by whose BD-rates the codecs are ordered")
    options.add_images(parser)
    options.add_out(parser)
    arguments = parser.parse_args()
    rows = options.rows_of(arguments.head_to_head, arguments.set)
    chosen = [row for row in rows if row["metric"] == arguments.metric]
    if not chosen:
        known = dict.fromkeys(row["metric"] for row in rows)
        raise StudyError(f"head_to_head.csv has no metric {arguments.metric!r}; {allowed(arguments.metric, known)}")
    notes = image_notes.of(arguments.images)
    with canvas.on(options.paper_of(arguments)):
        figure = head_to_head.figure(chosen, options.codecs(arguments.codecs), arguments.anchor, notes)
        canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
