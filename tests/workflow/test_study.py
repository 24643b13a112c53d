"""The tiny study as a user sees it: its tables and figures, its messages, and cells that fail."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest

from figure_files import check_figure
from tiny_study import Study

pytestmark = pytest.mark.study

ENTRY = {"label": "A test codec", "family": "Test", "parameter": "none", "qualities": [1]}

FRAGILE = '''
"""A codec that fails on an image of 200 columns."""
from study.codecs.classical.jpeg import Backend as Jpeg

class Backend(Jpeg):
    def encode(self, rgb):
        if rgb.shape[1] == 200:
            raise RuntimeError("a bug in the codec")
        return super().encode(rgb)
'''

ABSENT = '''
"""A codec whose library is not installed."""
from study.codecs.classical.jpeg import Backend as Jpeg

class Backend(Jpeg):
    def skip(self):
        return "the library absent is not installed; pip install absent"
'''


def add_codec(study: Study, name: str, source: str) -> None:
    (study.folder / f"scripts/study/codecs/classical/{name}.py").write_text(source)
    study.config["define"].setdefault("codecs", {})[name] = {"backend": name, **ENTRY}
    study.config["codecs"][name] = "all"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_tables_are_complete_and_consistent(finished: Study) -> None:
    table = rows(finished.folder / "results/studies/tiny/rd.csv")
    assert len(table) == 16
    for row in table:
        cell = finished.folder / "results/bitstreams" / row["image_set"] / row["codec"] / row["quality"]
        (bitstream,) = [path for path in cell.iterdir() if path.stem == row["image"]]
        assert int(row["bytes"]) == bitstream.stat().st_size
        assert float(row["bpp"]) == 8 * int(row["bytes"]) / (int(row["width"]) * int(row["height"]))
        assert row["status"] == "ok" and row["versions"] and row["settings"]
        assert float(row["encode_s"]) > 0 and float(row["decode_s"]) > 0 and int(row["peak_rss"]) > 1e6


def test_every_figure_is_there_in_both_formats(finished: Study) -> None:
    figures = finished.folder / "results/studies/tiny/figures"
    drawn = {path.relative_to(figures).with_suffix("").as_posix() for path in figures.rglob("*.png")}
    assert drawn == {
        f"crops/{name}"
        for name in (
            *("average", "bd_rate", "head_to_head-psnr_rgb", "images/face", "images/suit"),
            *("originals", "rank_agreement", "time"),
        )
    }
    for name in drawn:
        check_figure(figures / f"{name}.png", figures / f"{name}.pdf")


def test_report_is_made_offline(study: Study) -> None:
    done = study.run("--report", "report.zip")
    assert done.status == 0, done.output
    with zipfile.ZipFile(study.folder / "report.zip") as report:
        names = {Path(name).name for name in report.namelist()}
        assert report.testzip() is None
    assert {"report.html", "average.png", "bd_rate.png", "face.png"} <= names, names


def test_a_failed_cell_is_told_everywhere_and_tried_again(study: Study) -> None:
    add_codec(study, "fragile", FRAGILE)
    done = study.run()
    assert done.status != 0
    assert "1 of 18 cells failed" in done.output
    assert "crops/face fragile 1: failed: RuntimeError: a bug in the codec" in done.output
    table = {(row["image"], row["codec"]): row for row in rows(study.folder / "results/studies/tiny/rd.csv")}
    lost = table["face", "fragile"]
    assert (lost["status"], lost["reason"]) == ("failed", "RuntimeError: a bug in the codec")
    assert table["face", "fragile"]["psnr_rgb"] == ""
    assert float(table["suit", "fragile"]["psnr_rgb"]) > 20
    assert study.plan()["encode"] == 1
    (study.folder / "scripts/study/codecs/classical/fragile.py").write_text(FRAGILE.replace("== 200", "== 0"))
    again = study.run()
    assert again.status == 0, again.output
    assert study.plan() == {}


def test_a_codec_that_can_not_run_is_told_and_the_study_is_complete(study: Study) -> None:
    add_codec(study, "absent", ABSENT)
    done = study.run()
    assert done.status == 0, done.output
    assert "absent: 2 cells skipped: the library absent is not installed; pip install absent" in done.output
    skipped = [row for row in rows(study.folder / "results/studies/tiny/rd.csv") if row["codec"] == "absent"]
    assert len(skipped) == 2
    assert all(row["bytes"] == "" and row["status"] == "skipped" for row in skipped)


def test_a_wrong_config_stops_before_any_job_with_one_message(study: Study) -> None:
    study.config["codecs"]["webb"] = "all"
    done = study.run()
    assert done.status != 0
    assert "1 problem in tiny.yaml" in done.output and "did you mean 'webp'" in done.output
    assert "Traceback" not in done.output
    assert "rule encode" not in done.output


def test_refused_images_are_named(study: Study) -> None:
    from PIL import Image

    Image.new("RGBA", (20, 20), (1, 2, 3, 4)).save(study.folder / "photos" / "glass.png")
    done = study.run()
    assert done.status != 0
    assert "glass.png" in done.output and "transparent" in done.output
    assert "Traceback" not in done.output


def test_parts_of_an_image_set_give_the_same_table(study: Study, finished: Study) -> None:
    study.config["part_size"] = 1
    done = study.run()
    assert done.status == 0, done.output
    names = ("image_set", "image", "codec", "quality", "bytes", "psnr_rgb")
    tables = [rows(one.folder / "results/studies/tiny/rd.csv") for one in (study, finished)]
    first, second = [sorted(tuple(row[name] for name in names) for row in table) for table in tables]
    assert first == second
