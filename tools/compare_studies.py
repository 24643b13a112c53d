"""Compare study B with study A: what differs, BD-rates of B against A, the worst images, a page, a verdict.

A study is a name, a config (`studies/x.yaml`), or a folder: that of a finished study (`.../results/studies/x`), a
results folder or a checkout with one study. Only files are read, so it may come from another machine.

The exit status is 0 if every figure is within its threshold (or none is given), 3 if one is beyond it or can't be had,
1 for an error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.analysis import study_pair, study_verdicts
from study.core import atomic_io
from study.core.errors import StudyError, guarded
from study.page import comparison

FAILED = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("a", metavar="A", help="the study that is compared with")
    add("b", metavar="B", help="the study that is judged")
    add(
        "--fail-above",
        nargs="+",
        default=[],
        metavar="THRESHOLD",
        help="how much worse B may be: 1%% (BD-rate at every metric), METRIC=1%% (BD-rate at one), METRIC=0.1 "
        "(BD-metric, in the metric's unit, whichever direction is better)",
    )
    add("--metrics", nargs="+", metavar="METRIC", help="metrics to compare at (default: all that both have)")
    add("--rate", choices=("bpp", "payload_bpp"), default="bpp", help="whole files (default) or payload")
    add("--worst", type=int, default=5, metavar="N", help="images to list of each codec (default: %(default)s)")
    add("--out", type=Path, metavar="FOLDER", help="where to write (default: results/comparisons/<A>-<B>)")
    arguments = parser.parse_args()
    limits = study_verdicts.thresholds(arguments.fail_above)
    if arguments.worst < 0:
        raise StudyError(f"--worst must be 0 or more; found {arguments.worst}")
    a, b = study_pair.finished(arguments.a), study_pair.finished(arguments.b)
    out = arguments.out or Path("results/comparisons", f"{a.folder.name}-{b.folder.name}")
    if (out / "rd.csv").exists() or (out.is_dir() and any(out.iterdir()) and not (out / "comparison.csv").exists()):
        raise StudyError(f"--out {out} holds other files, which may be lost; name a new folder, or a comparison's")
    metrics = study_verdicts.compared_metrics(a, b, arguments.metrics, limits)
    figures = study_verdicts.bd_rows(a, b, metrics, arguments.rate)
    tables = {
        "differences.csv": (study_pair.DIFFERENCES, study_pair.differences(a, b)),
        "comparison.csv": (study_verdicts.COLUMNS, study_verdicts.comparison(a, b, figures, limits)),
        "bd.csv": (study_verdicts.BD_COLUMNS, study_verdicts.of_table(figures)),
        "worst.csv": (study_verdicts.WORST, study_verdicts.worst(figures, a, b, arguments.worst)),
    }
    for name, (columns, rows) in tables.items():
        atomic_io.write_rows(out / name, columns, rows)
    comparison.build(a, b, (arguments.a, arguments.b), {name: rows for name, (_, rows) in tables.items()}, out)
    judged = tables["comparison.csv"][1]
    print(f"{len(tables['differences.csv'][1])} differences, see {out / 'differences.csv'}")
    print(study_verdicts.readable(judged))
    print(f"page: {out / 'index.html'}")
    if failing := study_verdicts.beyond(judged):
        print(f"{len(failing)} of {len(judged)} figures are beyond {' '.join(arguments.fail_above)} or can't be had")
        raise SystemExit(FAILED)


if __name__ == "__main__":
    guarded(main)
