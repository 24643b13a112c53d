import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

import aggregate
from study.analysis import cells as analysis_cells
from study.analysis import means as analysis_means
from study.core import atomic_io, columns, outcome, readers
from study.core.errors import StudyError

METRICS = ["psnr_rgb", "ms_ssim", "ssim"]
SCORES = ("image", *METRICS, "psnr_y", "status", "reason", "gaps")
NONE = "the record has no value and no reason"
IMAGES = {"a": (100, 80), "b": (60, 90), "c": (50, 50)}
ENCODED = (
    "image",
    "file",
    "width",
    "height",
    "bytes",
    "payload_bytes",
    "encode_s",
    "encode_rss",
    "settings",
    "versions",
    "status",
    "reason",
    "note",
)
DECODED = ("image", "file", "decode_s", "decode_rss", "versions", "status", "reason", "note")


def plan(**codecs):
    """A plan of one image set, `photos`, in two parts."""
    entry = {"label": "X", "family": "f", "backend": "pillow", "parameter": "p", "settings": {"s": 1}}
    codecs = codecs or {"jpeg": [10, 90], "webp": [0.5]}
    return {
        "sets": {"photos": ["photos.1", "photos.2"]},
        "codecs": {name: {**entry, "qualities": qualities} for name, qualities in codecs.items()},
        "metrics": METRICS,
    }


def write_images(results, parts=(("photos.1", "ab"), ("photos.2", "c"))):
    for part, images in parts:
        rows = [{"image": i, "file": f"{i}.png", "width": IMAGES[i][0], "height": IMAGES[i][1]} for i in images]
        atomic_io.write_rows(results / "images" / part / "images.csv", ["image", "file", "width", "height"], rows)


def cell_values(image, quality):
    """What the records of one image at one quality hold, made up from its name."""
    seed = ord(image) + float(quality)
    encoded = {"bytes": int(100 * seed), "payload_bytes": int(90 * seed), "encode_s": seed / 7, "encode_rss": 5000}
    encoded |= {
        "width": IMAGES[image][0],
        "height": IMAGES[image][1],
        "settings": '{"s": 1}',
        "versions": "enc 1; lib 2",
    }
    decoded = {"decode_s": seed / 9, "decode_rss": 7000 if image == "a" else 4000, "versions": "lib 2; dec 3"}
    scores = {"psnr_rgb": 20 + seed / 13, "ms_ssim": 1 - 1 / seed, "ssim": 0.5 + 1 / seed, "psnr_y": 1}
    return encoded, decoded, scores


def write_cell(results, part, codec, quality, images, change=None):
    """The three records of a cell; `change(image)` gives what differs, for each of them."""
    rows = ([], [], [])
    for image in images:
        changes = change(image) if change else ({}, {}, {})
        for table, values, changed in zip(rows, cell_values(image, quality), changes):
            table.append({"image": image, **outcome.ok()} | values | changed)
    atomic_io.write_rows(results / "bitstreams" / part / codec / str(quality) / "encoded.csv", ENCODED, rows[0])
    atomic_io.write_rows(results / "decoded" / part / codec / str(quality) / "decoded.csv", DECODED, rows[1])
    scores = results / "scores" / part / codec / str(quality) / "cheap.csv"
    atomic_io.write_rows(scores, SCORES, [{column: row.get(column) for column in SCORES} for row in rows[2]])


def write_study(results, change=None):
    write_images(results)
    for codec, entry in plan()["codecs"].items():
        for quality in entry["qualities"]:
            for part, images in (("photos.1", "ab"), ("photos.2", "c")):
                write_cell(results, part, codec, quality, images, change)


def without(status, reason):
    """An image that has no bitstream, and so nothing."""
    lost = dict.fromkeys(("bytes", "payload_bytes", "encode_s", "encode_rss"), "")
    scores = dict.fromkeys(METRICS, "")
    ended = outcome.without(status, reason)
    return lost | ended, {"decode_s": "", "decode_rss": "", **ended}, scores | ended


def test_a_row_for_every_cell_and_image_in_the_order_of_the_plan(tmp_path):
    write_study(tmp_path)
    rows = analysis_cells.rd_rows(tmp_path, plan())
    cells = [("jpeg", 10), ("jpeg", 90), ("webp", 0.5)]
    assert [(row["image"], row["codec"], row["quality"]) for row in rows] == [
        (i, *cell) for i in "abc" for cell in cells
    ]
    assert {row["image_set"] for row in rows} == {"photos"}
    assert all(row["status"] == "ok" and row["reason"] is row["gaps"] is row["note"] is None for row in rows)
    row = rows[1]
    encoded, decoded, scores = cell_values("a", 90)
    assert row["bpp"] == 8 * encoded["bytes"] / (100 * 80)
    assert row["payload_bpp"] == 8 * encoded["payload_bytes"] / (100 * 80)
    assert (row["width"], row["height"], row["bytes"]) == (100, 80, encoded["bytes"])
    assert (row["encode_s"], row["decode_s"]) == (encoded["encode_s"], decoded["decode_s"])
    assert {metric: row[metric] for metric in METRICS} == {metric: scores[metric] for metric in METRICS}
    assert row["versions"] == "enc 1; lib 2; dec 3"
    assert [row["peak_rss"] for row in rows[::3]] == [7000, 5000, 5000]


def test_every_empty_figure_has_its_reason(tmp_path):
    def change(image):
        if image == "a":
            return without("refused", "too wide")
        if image == "b":
            return {}, {}, {"ssim": "", "ms_ssim": "", "gaps": '{"ms_ssim": "too small"}'}
        return {"encode_rss": "", "note": "odd"}, {}, {"psnr_rgb": "nan"}

    write_study(tmp_path, change)
    (tmp_path / "decoded/photos.1/jpeg/10/decoded.csv").unlink()
    rows = analysis_cells.rd_rows(tmp_path, plan())
    cells = {(row["image"], row["codec"], row["quality"]): row for row in rows}
    assert outcome.in_words(cells["a", "webp", 0.5]) == "refused: too wide"
    assert outcome.gaps(cells["b", "webp", 0.5]) == {"ms_ssim": "too small", "ssim": NONE}
    assert outcome.gaps(cells["c", "webp", 0.5]) == {"psnr_rgb": NONE, "peak_rss": NONE}
    assert cells["c", "webp", 0.5]["note"] == "odd"
    assert outcome.in_words(cells["a", "jpeg", 10]) == "refused: too wide"
    assert outcome.in_words(cells["b", "jpeg", 10]).startswith(
        "failed: there is no record decoded/photos.1/jpeg/10/decoded.csv"
    )
    assert cells["b", "jpeg", 10]["decode_s"] is None
    for row in rows:
        lacking = {column for column in columns.figures(METRICS) if row[column] is None}
        assert row["reason"] if row["status"] != "ok" else lacking == outcome.gaps(row).keys()
        assert row["width"]


def test_an_image_that_a_record_lacks_is_a_failure(tmp_path):
    write_study(tmp_path)
    write_cell(tmp_path, "photos.1", "webp", 0.5, "a")
    row = analysis_cells.rd_rows(tmp_path, plan())[5]
    assert (row["image"], row["bpp"]) == ("b", None)
    assert outcome.in_words(row) == "failed: b is not in the record bitstreams/photos.1/webp/0.5/encoded.csv"


def test_a_metric_whose_name_ends_like_another_keeps_its_own_reason(tmp_path):
    write_study(tmp_path, lambda image: ({}, {}, {"ssim": "", "ms_ssim": ""}))
    for row in analysis_cells.rd_rows(tmp_path, plan()):
        assert outcome.gaps(row) == {"ms_ssim": NONE, "ssim": NONE}


def test_means_are_over_all_images_or_empty(tmp_path):
    def change(image):
        return (
            ({}, {}, {"ssim": "", "gaps": '{"ssim": "too small"}'}) if image == "c" else ({}, {}, {"psnr_rgb": "inf"})
        )

    write_study(tmp_path, change)
    rows = analysis_cells.rd_rows(tmp_path, plan())
    means = analysis_means.means(rows, METRICS)
    assert [(row["codec"], row["quality"], row["n"]) for row in means] == [
        ("jpeg", 10, 3),
        ("jpeg", 90, 3),
        ("webp", 0.5, 3),
    ]
    for mean in means:
        same = [row for row in rows if (row["codec"], row["quality"]) == (mean["codec"], mean["quality"])]
        for column in ("bpp", "payload_bpp", "ms_ssim", "encode_s", "decode_s", "peak_rss"):
            assert mean[column] == pytest.approx(np.mean([row[column] for row in same]), rel=1e-14)
        assert mean["ssim"] is None
        assert mean["psnr_rgb"] == math.inf
        assert mean["missing"] == 1
        assert (mean["status"], mean["reason"]) == ("ok", None)
        assert outcome.gaps(mean) == {"ssim": "1 of 3 images have no value, first c (too small)"}


def test_a_skipped_codec_shows_everywhere(tmp_path, capsys):
    write_study(tmp_path)
    for part, images in (("photos.1", "ab"), ("photos.2", "c")):
        write_cell(tmp_path, part, "webp", 0.5, images, lambda image: without("skipped", "no plug-in; get it"))
    rows = aggregate.aggregate(tmp_path, plan(), tmp_path / "out")
    assert analysis_means.gaps(rows, METRICS) == [
        "webp: 3 of 3 rows skipped, first a, quality 0.5: skipped: no plug-in; get it"
    ]
    written = {name: readers.read_rows(tmp_path / "out" / f"{name}.csv") for name in ("rd", "means", "codecs")}
    assert [outcome.in_words(row) for row in written["rd"] if row["codec"] == "webp"] == [
        "skipped: no plug-in; get it"
    ] * 3
    assert outcome.in_words(written["means"][2]) == "skipped: no plug-in; get it"
    assert written["means"][2]["missing"] == "3"
    assert [row["reason"] for row in written["codecs"]] == ["", "no plug-in; get it"]


def test_codecs_table(tmp_path):
    write_study(tmp_path, lambda image: ({"versions": "enc 2"} if image == "c" else {}, {"versions": ""}, {}))
    rows = analysis_cells.rd_rows(tmp_path, plan())
    jpeg, webp = analysis_means.codec_rows(rows, plan()["codecs"])
    assert jpeg["versions"] == "enc 1; lib 2 | enc 2"
    assert webp == jpeg | {"codec": "webp"}
    assert webp["settings"] == '{"s": 1}'
    (alone,) = analysis_means.codec_rows([], plan(avif=[1])["codecs"])
    assert alone["settings"] == '{"s": 1}'
    assert list(alone) == list(analysis_means.CODEC_COLUMNS)


def test_parquet_holds_what_the_csv_holds(tmp_path):
    write_study(tmp_path, lambda image: without("failed", "x") if image == "a" else ({}, {}, {"psnr_rgb": "inf"}))
    aggregate.aggregate(tmp_path, plan(), tmp_path / "out")
    table = pyarrow.parquet.read_table(tmp_path / "out/rd.parquet")
    rows = readers.read_rows(tmp_path / "out/rd.csv")
    assert table.column_names == list(rows[0]) == columns.rd_columns(METRICS)
    assert table.num_rows == len(rows) == 9
    for name in table.column_names:
        kind = str(table.schema.field(name).type)
        cast = {"int64": int, "double": float, "string": str}[kind]
        assert table[name].to_pylist() == [cast(row[name]) if row[name] else None for row in rows]


def test_qualities_that_are_names_are_text(tmp_path):
    write_images(tmp_path, [("photos.1", "a"), ("photos.2", "b")])
    rows = [{"image_set": "s", "image": "a", "codec": "x", "quality": q} for q in ("fine", 3)]
    analysis_means.write_parquet(tmp_path / "t.parquet", columns.KEY, rows)
    assert pyarrow.parquet.read_table(tmp_path / "t.parquet")["quality"].to_pylist() == ["fine", "3"]


def test_the_same_records_give_the_same_bytes(tmp_path):
    write_study(tmp_path, lambda image: without("failed", "x") if image == "b" else ({}, {}, {}))
    aggregate.aggregate(tmp_path, plan(), tmp_path / "one")
    (tmp_path / "plan.json").write_text(json.dumps(plan()))
    command = [sys.executable, aggregate.__file__, "--results", tmp_path, "--plan", tmp_path / "plan.json"]
    done = subprocess.run([*command, "--out", tmp_path / "two"], text=True, capture_output=True, check=True)
    assert "jpeg: 2 of 6 rows failed, first b, quality 10: failed: x" in done.stderr
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["codecs.csv", "means.csv", "rd.csv", "rd.parquet"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_numbers_survive_the_csv(tmp_path):
    write_study(tmp_path)
    rows = aggregate.aggregate(tmp_path, plan(), tmp_path / "out")
    for row, written in zip(rows, readers.read_rows(tmp_path / "out/rd.csv"), strict=True):
        assert [float(written[column]) for column in columns.figures(METRICS)] == [
            row[c] for c in columns.figures(METRICS)
        ]


def edit(path, change):
    rows = readers.read_rows(path)
    atomic_io.write_rows(path, rows[0], change(rows))


@pytest.mark.parametrize(
    ("record", "change", "message"),
    [
        (
            "scores/photos.1/jpeg/10/cheap.csv",
            lambda rows: [*rows, rows[0] | {"image": "z"}],
            "image 'z'.*image set lacks",
        ),
        ("scores/photos.1/jpeg/10/cheap.csv", lambda rows: [*rows, rows[0]], "names an image twice"),
        (
            "scores/photos.1/jpeg/10/cheap.csv",
            lambda rows: [row | {"ssim": "fine"} for row in rows],
            "'fine' in column ssim",
        ),
        (
            "bitstreams/photos.1/jpeg/10/encoded.csv",
            lambda rows: [row | {"width": 7} for row in rows],
            "which is 100x80",
        ),
        ("images/photos.2/images.csv", lambda rows: [rows[0] | {"image": "a"}], "image a in two of its parts"),
    ],
)
def test_records_that_do_not_belong_together_are_refused(tmp_path, record, change, message):
    write_study(tmp_path)
    edit(tmp_path / record, change)
    with pytest.raises(StudyError, match=message):
        analysis_cells.rd_rows(tmp_path, plan())


def test_an_image_set_without_record_and_a_metric_without_column_are_refused(tmp_path):
    write_study(tmp_path)
    with pytest.raises(StudyError, match=r"metric 'msssim' is unknown; did you mean 'ms_ssim'"):
        analysis_cells.rd_rows(tmp_path, plan() | {"metrics": ["msssim"]})
    with pytest.raises(StudyError, match=r"no column 'vifp_sewar'"):
        analysis_cells.rd_rows(tmp_path, plan() | {"metrics": ["vifp_sewar"]})
    (tmp_path / "images/photos.2/images.csv").unlink()
    with pytest.raises(StudyError, match="fetch image set photos first"):
        analysis_cells.rd_rows(tmp_path, plan())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([], "must be a JSON object; found list"),
        (plan() | {"metrics": []}, "'metrics' must be a list"),
        (plan() | {"sets": ["photos"]}, "'sets' must be a dict"),
        (plan() | {"codec": {}}, "unknown key 'codec'; did you mean 'codecs'"),
        (plan() | {"codecs": {"jpeg": [5, 10]}}, "codec jpeg of the plan must be an object"),
    ],
)
def test_a_plan_that_is_none_is_refused(wrong, message):
    with pytest.raises(StudyError, match=message):
        analysis_cells.check_plan(wrong)


def test_the_plan_comes_from_a_file_too(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan()))
    assert readers.plan(str(path)) == plan()
    path.write_text("{")
    with pytest.raises(StudyError, match="not valid JSON"):
        readers.plan(str(path))
    with pytest.raises(StudyError, match="can't read the plan"):
        readers.plan(str(tmp_path / "none.json"))


def test_tables_are_plain_csv(tmp_path):
    write_study(
        tmp_path, lambda image: without("failed", '"odd", with a comma\nand a line') if image == "a" else ({}, {}, {})
    )
    aggregate.aggregate(tmp_path, plan(), tmp_path / "out")
    with Path(tmp_path / "out/rd.csv").open(newline="", encoding="utf-8") as file:
        assert next(iter(csv.DictReader(file)))["reason"] == '"odd", with a comma and a line'
