"""Draw how far the rates of a set's images lie apart: a row for each codec, a dot for each image at one quality."""

from __future__ import annotations

import argparse

from matplotlib.figure import Figure

from study.core.errors import guarded
from study.figures import canvas, options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_tables(parser, "rd")
    options.add_out(parser)
    arguments = parser.parse_args()
    rows = [row for row in options.rows_of(arguments.rd, arguments.set) if row["bpp"]]
    codecs = list(dict.fromkeys(row["codec"] for row in rows))
    with canvas.on(options.paper_of(arguments)), canvas.looks():
        figure = Figure(figsize=(canvas.width(), 0.6 + 0.2 * len(codecs)), layout="constrained")
        axes = figure.add_subplot(xlabel="rate (bits per pixel)")
        for height, codec in enumerate(codecs):
            mine = [row for row in rows if row["codec"] == codec]
            rates = [float(row["bpp"]) for row in mine if row["quality"] == mine[-1]["quality"]]
            axes.plot(rates, [height] * len(rates), "o", markersize=3)
        axes.set(xlim=(0, None), ylim=(-0.5, len(codecs) - 0.5))
        axes.set_yticks(range(len(codecs)), codecs)
        axes.invert_yaxis()
        canvas.save(figure, canvas.paths(arguments.out))


if __name__ == "__main__":
    guarded(main)
