"""Two studies compared, on made-up ones with known differences: figures, thresholds, exit statuses, messages, page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import finished_studies
from study.analysis import study_pair, study_verdicts
from study.core import atomic_io, readers
from study.core.errors import StudyError
from tiny_study import ROOT


def run(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    command = [sys.executable, ROOT / "tools/compare_studies.py", *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=cwd)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_studies.write(tmp_path_factory.mktemp("one") / "results/studies/a")


def other(tmp_path: Path, **options) -> Path:
    return finished_studies.write(tmp_path / "elsewhere/results/studies/b", **options)


def judged(a: Path, b: Path, *limits: str) -> dict[tuple[str, str], dict]:
    one, two = study_pair.read(a), study_pair.read(b)
    figures = study_verdicts.bd_rows(one, two, one.metrics)
    rows = study_verdicts.comparison(one, two, figures, study_verdicts.thresholds(limits))
    return {(row["codec"], row["metric"]): row for row in rows}


def test_known_bd_rates_are_recovered(first, tmp_path):
    """Rates 5 % up in every image of WebP; of JPEG 2, 4 and 9 %: the mean of images is 5 %."""
    jpeg = {"first": 1.02, "second": 1.04, "third": 1.09}
    b = other(tmp_path, rate=lambda codec, image: 1.05 if codec == "webp" else jpeg[image])
    verdicts = judged(first, b)
    for metric in finished_studies.METRICS:
        webp, mixed = verdicts["webp", metric], verdicts["jpeg", metric]
        assert (webp["figure"], webp["value"]) == ("BD-rate", pytest.approx(5, abs=1e-6))
        assert (webp["lo"], webp["hi"]) == (pytest.approx(5, abs=1e-4), pytest.approx(5, abs=1e-4))
        assert mixed["value"] == pytest.approx(5, abs=1e-6) and mixed["lo"] < 0 < 5 < mixed["hi"]
        assert (webp["cells"], webp["changed"], webp["verdict"]) == (15, 15, "")


def test_codecs_without_a_changed_cell_say_so(first, tmp_path):
    verdicts = judged(first, other(tmp_path, rate=lambda codec, _: 1.2 if codec == "webp" else 1), "1%")
    row = verdicts["jpeg", "psnr_rgb"]
    assert (row["figure"], row["value"], row["changed"], row["verdict"]) == ("unchanged", 0, 0, "within")
    assert verdicts["webp", "psnr_rgb"]["verdict"] == "beyond"


@pytest.mark.parametrize(
    ("limits", "verdicts"),
    [
        (["10%"], {"psnr_rgb": "within", "butteraugli": "within"}),
        (["4%"], {"psnr_rgb": "beyond", "butteraugli": "beyond"}),
        (["4%", "psnr_rgb=6%"], {"psnr_rgb": "within", "butteraugli": "beyond"}),
        (["psnr_rgb=4%"], {"psnr_rgb": "beyond", "butteraugli": ""}),
    ],
)
def test_thresholds_of_bd_rate(first, tmp_path, limits, verdicts):
    judgements = judged(first, other(tmp_path, rate=lambda *_: 1.05), *limits)
    assert {metric: judgements["webp", metric]["verdict"] for metric in verdicts} == verdicts


@pytest.mark.parametrize("metric", finished_studies.METRICS)
@pytest.mark.parametrize(("worse", "verdict"), [(0.5, "beyond"), (0.05, "within"), (-0.5, "within")])
def test_thresholds_in_a_metrics_unit_know_its_direction(first, tmp_path, metric, worse, verdict):
    """Less is better in Butteraugli, so that a higher score is a loss there."""
    sign = {"psnr_rgb": -1, "butteraugli": 1}[metric]
    b = other(tmp_path, scores={metric: sign * worse})
    row = judged(first, b, f"{metric}=0.1")["jpeg", metric]
    assert (row["verdict"], row["threshold"]) == (verdict, f"{metric}=0.1")
    assert abs(row["bd_metric"]) == pytest.approx(abs(worse), rel=0.01)
    assert (row["value"] > 0) == (worse > 0)


def test_codecs_of_equal_scores_are_compared_by_their_rates(tmp_path):
    """As lossless ones, whose PSNR is infinite at every quality."""
    lossless = {"scores": {"psnr_rgb": float("inf")}, "metrics": ("psnr_rgb",)}
    a = finished_studies.write(tmp_path / "a", **lossless)
    b = finished_studies.write(tmp_path / "b", rate=lambda *_: 1.1, **lossless)
    row = judged(a, b, "5%")["jpeg", "psnr_rgb"]
    assert (row["figure"], row["verdict"]) == ("rate at equal scores", "beyond")
    assert row["value"] == pytest.approx(10, abs=1)


def test_a_figure_that_can_not_be_had_fails(first, tmp_path):
    b = other(tmp_path, scores={"psnr_rgb": 40})
    row = judged(first, b, "1%")["jpeg", "psnr_rgb"]
    assert (row["verdict"], row["value"]) == ("no figure", None)
    assert "overlap" in row["reason"]
    assert judged(first, b)["jpeg", "psnr_rgb"]["verdict"] == ""


def test_codecs_and_images_of_one_side_alone_are_listed(first, tmp_path):
    b = other(tmp_path, codecs=("jpeg", "avif"), images=("first", "second", "fourth"), metrics=("psnr_rgb",))
    one, two = study_pair.read(first), study_pair.read(b)
    listed = {(row["kind"], row["of"], row["name"]): (row["a"], row["b"]) for row in study_pair.differences(one, two)}
    assert listed["codec", "", "webp"] == ("webp", "not there") and listed["codec", "", "avif"] == (
        "not there",
        "avif",
    )
    assert listed["image", "set", "third"][1] == "not there" and listed["image", "set", "fourth"][0] == "not there"
    assert listed["metric", "", "butteraugli"] == ("butteraugli", "not there")
    rows = judged(first, b, "1%")
    assert set(rows) == {("jpeg", "psnr_rgb"), ("webp", "")}
    row = rows["jpeg", "psnr_rgb"]
    assert (row["images"], row["images_a"], row["images_b"]) == (2, 3, 3)
    assert (rows["webp", ""]["verdict"], rows["webp", ""]["reason"]) == ("no figure", "only A has this codec")


def test_images_of_one_name_and_another_content_are_not_compared(first, tmp_path):
    b = other(tmp_path, seed=1)
    with pytest.raises(StudyError, match="have no image in common"):
        judged(first, b)
    rows = study_pair.differences(study_pair.read(first), study_pair.read(b))
    assert [row["name"] for row in rows if row["kind"] == "image"] == ["first", "second", "third"]


def test_settings_versions_and_packages_that_differ_are_listed(first, tmp_path):
    b = other(tmp_path, settings={"method": 0}, packages={"pillow": "12.0.0"})
    rows = study_pair.differences(study_pair.read(first), study_pair.read(b))
    differing = {(row["kind"], row["of"], row["name"]): (row["a"], row["b"]) for row in rows}
    assert differing == {
        ("codec", "jpeg", "setting method"): ("not there", "0"),
        ("codec", "webp", "setting method"): ("not there", "0"),
        ("package", "", "pillow"): ("13.0.0", "12.0.0"),
    }


def edited(folder: Path, **facts: object) -> Path:
    """A study whose provenance has other facts; those that are None are left out, as an older version did."""
    path = folder / "provenance.json"
    known = json.loads(path.read_text()) | facts
    path.write_text(json.dumps({key: value for key, value in known.items() if value is not None}))
    return folder


def spoilt(folder: Path, column: str) -> None:
    """A study with a text where a number belongs."""
    rows = readers.read_rows(folder / "rd.csv")
    rows[1][column] = "x"
    atomic_io.write_rows(folder / "rd.csv", list(rows[0]), rows)


def listed(a: Path, b: Path) -> dict[tuple[str, str, str], tuple[str, str]]:
    rows = study_pair.differences(study_pair.read(a), study_pair.read(b))
    return {(row["kind"], row["of"], row["name"]): (row["a"], row["b"]) for row in rows}


def test_keys_of_the_config_code_and_locks_that_differ_are_listed(first, tmp_path):
    config = {"codecs": {"jpeg": [1]}, "figures": {"panels": ["psnr_rgb"], "rate_axis": "log"}, "engine": "library"}
    b = edited(
        other(tmp_path, config=config),
        code={"webp": {"encode": "1a", "decode": "0b"}, "jpeg": {"encode": "0a", "decode": "0b"}},
        scoring="1c",
        locks={"study": "1d"},
    )
    assert listed(first, b) == {
        ("config", "", "figures.panels"): ("not there", '["psnr_rgb"]'),
        ("config", "", "figures.rate_axis"): ("not there", '"log"'),
        ("config", "", "engine"): ("not there", '"library"'),
        ("code", "webp", "encode (hash)"): ("0a", "1a"),
        ("code", "", "score (hash)"): ("0c", "1c"),
        ("lock", "", "study"): ("0d", "1d"),
    }
    assert listed(first, first) == {}


def test_what_an_older_version_did_not_record_is_told(first, tmp_path):
    b = edited(other(tmp_path), config=None, code=None, locks=None)
    assert listed(first, b) == {(kind, "", "all"): ("recorded", "not recorded") for kind in ("config", "code", "lock")}


def test_images_are_told_apart_by_recorded_hashes_and_by_pixels(tmp_path):
    a, b = (finished_studies.write(tmp_path / name) for name in "ab")
    same = b / "files/original/set/first.png"
    Image.open(same).save(same, compress_level=0)  # other bytes, the same pixels
    assert listed(a, b) == {}
    for folder in (a, b):
        shutil.rmtree(folder / "files")
    digests = {"first": "1" * 64, "second": "2" * 64}
    edited(a, images={"set": digests})
    assert listed(a, b) == {}  # nobody can tell
    edited(b, images={"set": {**digests, "second": "3" * 64}})
    assert listed(a, b) == {
        ("image", "set", "second"): ("60x40, sha256 2222222222222222", "60x40, sha256 3333333333333333")
    }


def test_the_worst_images_come_first(first, tmp_path):
    rates = {"first": 1.01, "second": 1.3, "third": 1.1}
    one, two = study_pair.read(first), study_pair.read(other(tmp_path, rate=lambda _, image: rates[image]))
    figures = study_verdicts.bd_rows(one, two, ["psnr_rgb"])
    worst = [row for row in study_verdicts.worst(figures, one, two, 2) if row["codec"] == "webp"]
    assert [(row["place"], row["image"]) for row in worst] == [(1, "second"), (2, "third")]
    assert [row["bd_rate"] for row in worst] == [pytest.approx(30), pytest.approx(10)]


@pytest.mark.slow
def test_the_command_writes_tables_and_a_page_and_fails_by_its_status(first, tmp_path):
    b, out = other(tmp_path, rate=lambda codec, _: 1.05 if codec == "webp" else 1), tmp_path / "out"
    done = run(first, b, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "set webp psnr_rgb: BD-rate +5.00 % [+5.00, +5.00]; 15 of 15 cells changed" in done.stdout
    assert {path.name for path in out.glob("*.csv")} == {"differences.csv", "comparison.csv", "bd.csv", "worst.csv"}
    rows = readers.read_rows(out / "bd.csv")
    assert {row["over"] for row in rows} == {"image", "mean of images", "mean curve"} and len(rows) == 20
    for path in (first, b):
        assert not list(path.glob("*.tmp")) and (path / "rd.csv").is_file()
    side = out / "files/decoded/set"
    assert (side / "B.webp/30/first.png").read_bytes() == (b / "files/decoded/set/webp/30/first.png").read_bytes()
    assert run(first, b, "--out", out, "--fail-above", "6%").returncode == 0
    done = run(first, b, "--out", out, "--fail-above", "1%")
    assert done.returncode == 3 and "2 of 4 figures are beyond 1% or can't be had" in done.stdout


@pytest.mark.slow
def test_differences_stand_on_the_page_as_they_are_written(first, tmp_path):
    b = other(tmp_path, settings={"level": 0.10000000000000001}, config={"figures": {"panels": ["psnr_rgb"]}})
    assert run(first, b, "--out", tmp_path / "out").returncode == 0
    text = (tmp_path / "out/index.html").read_text(encoding="utf-8").split('id="differences-title"')[1]
    shown = [cell.split(">", 1)[1] for cell in text.split("</section>")[0].split("</td>")[:-1]]
    assert [cell.strip() for cell in shown if "figures.panels" in cell]
    for value in ("setting level", "not there", "0.1"):
        assert any(cell.endswith(value) for cell in shown), (value, shown)


def test_studies_are_found_by_name_config_and_folder(first, tmp_path):
    checkout = first.parents[2]
    config = tmp_path / "mine.yaml"
    config.write_text("study: a\n")
    for given in ("a", str(config), str(first), str(first.parents[1]), str(checkout)):
        assert study_pair.finished(given, checkout).folder.resolve() == first.resolve()


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        (lambda folder: (folder / "rd.csv").unlink(), "has no rd.csv"),
        (lambda folder: (folder / "rd.csv").write_text(""), "has no rows"),
        (lambda folder: (folder / "rd.csv").write_text("image,codec\na,b\n"), "has no column 'image_set'"),
        (lambda folder: (folder / "codecs.csv").unlink(), "can't read .*codecs.csv: No such file"),
        (lambda folder: (folder / "codecs.csv").write_text("codec\njpeg\n"), "lacks the codec 'webp' of rd.csv"),
        (lambda folder: (folder / "provenance.json").write_text("{"), "provenance.json is not valid JSON"),
        (lambda folder: (folder / "provenance.json").write_text("[]"), "must be an object with the objects"),
        (lambda folder: edited(folder, images={"set": ["first"]}), "with the objects 'images.set'"),
        (lambda folder: edited(folder, code=[]), "with the objects 'code'"),
        (lambda folder: spoilt(folder, "psnr_rgb"), "broken/rd.csv has 'x' in column psnr_rgb, where a number belongs"),
        (lambda folder: (folder / "rd.csv").write_bytes((folder / "rd.csv").read_bytes()[:-30]), "cut short"),
        (lambda folder: (folder / "rd.csv").write_bytes(b"\xff\xfe\x00"), "is no table"),
    ],
)
def test_broken_folders_are_told_in_one_sentence(first, tmp_path, breaks, message):
    broken = tmp_path / "broken"
    shutil.copytree(first, broken)
    breaks(broken)
    with pytest.raises(StudyError, match=message):
        study_pair.finished(str(broken))


def test_what_is_asked_for_wrongly_is_told(first, tmp_path):
    with pytest.raises(StudyError, match=r"'b' is neither a folder nor a finished study .*allowed: a,"):
        study_pair.finished("b", first.parents[2])
    several = tmp_path / "results/studies"
    for name in ("x", "y"):
        shutil.copytree(first, several / name)
    with pytest.raises(StudyError, match="has several studies; name one: "):
        study_pair.finished(str(tmp_path))
    for text, message in (("1", "is not a threshold"), ("psnr_rbg=1%", "did you mean 'psnr_rgb'"), ("-1%", "is not a")):
        with pytest.raises(StudyError, match=message):
            study_verdicts.thresholds([text])
    done = run(first, first, "--metrics", "vmaf", "--out", tmp_path / "out")
    assert done.returncode == 1 and "--metrics vmaf: not a metric of both studies" in done.stderr
    assert "Traceback" not in done.stderr
    done = run(first, first, "--fail-above", "vmaf=1%", "--out", tmp_path / "out")
    assert done.returncode == 1 and "--fail-above vmaf=1%: this metric isn't compared; allowed: psnr_rgb" in done.stderr
    with pytest.raises(StudyError, match=r"^there is no folder no/where; allowed: "):
        study_pair.finished("no/where")


def test_a_folder_with_other_files_is_not_written_to(first, tmp_path):
    """The page's links would take the place of what is in its folder of files."""
    a, other_files = tmp_path / "a", tmp_path / "mine"
    shutil.copytree(first, a)
    atomic_io.write_text(other_files / "files" / "mine.txt", "mine")
    for out in (a, other_files):
        before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
        done = run(a, first, "--out", out)
        assert done.returncode == 1 and "holds other files, which may be lost" in done.stderr
        assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_studies_without_images_are_compared_all_the_same(tmp_path):
    a = finished_studies.write(tmp_path / "a", files=False)
    b = finished_studies.write(tmp_path / "b", rate=lambda *_: 1.05, files=False)
    done = run(a, b, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert set(data["rd"]["decode_s"]) == {None}
    assert "the image is not in the folder of study B" in json.dumps(data)
