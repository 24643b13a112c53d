"""The commands that draw figures: both formats, the same bytes again, mistakes that end with a message."""

import os
import re
import runpy
import subprocess
import sys

import pytest
from PIL import Image

from study.core import paths

SCRIPTS = paths.SCRIPTS


def run(*arguments, **environment):
    command_line = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command_line, env=os.environ | environment, capture_output=True, text=True, timeout=600)
    return done.returncode, done.stdout + done.stderr


def commands(folder, out):
    tables_of = {name: ["--" + name, folder / f"{name}.csv"] for name in ("rd", "means", "codecs", "bd", "timing")}
    one_set = ["--set", "photos"]
    return {
        "plot_originals.py": ["--images", folder / "images.csv", *one_set, "--out", out / "originals"],
        "plot_images.py": [
            *tables_of["rd"], *tables_of["codecs"], "--images", folder / "images.csv", *one_set,
            "--image", "a", "b", "--out", out,
        ],
        "plot_average.py": [
            *tables_of["means"], *tables_of["codecs"], "--images", folder / "images.csv", *one_set,
            "--rate-axis", "log", "--ssim-scale", "db", "--panels", "psnr_rgb", "ssim", "--max-bpp", "1",
            "--out", out / "average.pdf", out / "average.png",
        ],
        "plot_bd.py": [*tables_of["bd"], *tables_of["codecs"], *one_set, "--out", out / "bd.rate"],
        "plot_time.py": [
            *tables_of["means"], *tables_of["codecs"], *tables_of["bd"], *tables_of["timing"], *one_set,
            "--metric", "vifp_sewar", "--out", out / "time",
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def made(folder, tmp_path_factory):
    """What all commands write, twice: the second time with other hash seeds and a matplotlibrc that spoils figures."""
    plain, spoilt = (tmp_path_factory.mktemp(name) for name in ("plain", "spoilt"))
    settings_of = spoilt / "matplotlibrc"
    settings_of.write_text(
        "font.size: 20\nlines.linewidth: 9\nsavefig.bbox: tight\npdf.fonttype: 3\naxes.facecolor: red\n"
    )
    (spoilt / "out").mkdir()
    for script, arguments in commands(folder, plain).items():
        assert run(SCRIPTS / script, *arguments, PYTHONHASHSEED="1") == (0, ""), script
    all_of_them = [
        [str(SCRIPTS / script), *map(str, rest)] for script, rest in commands(folder, spoilt / "out").items()
    ]
    program = "import runpy, sys\nfor sys.argv in {!r}: runpy.run_path(sys.argv[0], run_name='__main__')"
    environment = {"PYTHONHASHSEED": "2", "MATPLOTLIBRC": str(settings_of), "PYTHONPATH": str(SCRIPTS)}
    status, output = run("-c", program.format(all_of_them), **environment)
    assert status == 0, output
    return plain, spoilt / "out"


@pytest.mark.slow
def test_commands_write_both_formats(made):
    plain, _ = made
    stems = ("originals", "a", "b", "average", "bd.rate", "time")
    assert {path.name for path in plain.iterdir()} == {f"{stem}.{kind}" for stem in stems for kind in ("pdf", "png")}
    for path in plain.glob("*.png"):
        with Image.open(path) as image:
            image.load()
            assert image.width == 1417 and image.info.get("Software") is None
    for path in plain.glob("*.pdf"):
        data = path.read_bytes()
        assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
        assert b"/FontFile2" in data and b"/Type3" not in data, "fonts are embedded as TrueType"
        assert b"CreationDate" not in data
        if path.stem != "originals":
            assert b"/Subtype /Image" not in data, "curves are lines, not pixels"


@pytest.mark.slow
def test_the_same_tables_give_the_same_bytes(made):
    plain, spoilt = made
    for path in plain.iterdir():
        assert path.read_bytes() == (spoilt / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("script", "old", "new", "message"),
    [
        ("plot_images.py", "b", "c", "image set photos has no image 'c'; allowed: a, b, small"),
        ("plot_images.py", "photos", "photo", "has no row of image set 'photo'; did you mean 'photos'?"),
        ("plot_average.py", "ssim", "sssim", "the panel 'sssim' is not a column of the table; did you mean"),
        ("plot_bd.py", "--bd", "--bd=nowhere.csv", "can't read nowhere.csv"),
        ("plot_time.py", "vifp_sewar", "psnr_y", "bd.csv has no metric 'psnr_y'"),
        ("plot_originals.py", "images.csv", "rd.csv", "has no column 'file'"),
    ],
)
def test_mistakes_end_with_a_message(folder, tmp_path, monkeypatch, capsys, script, old, new, message):
    arguments = [str(argument) for argument in commands(folder, tmp_path)[script]]
    index = next(index for index, argument in enumerate(arguments) if argument == old or argument.endswith("/" + old))
    changed = arguments[index].removesuffix(old) + new
    arguments[index : index + 1 + (old == "--bd")] = [changed]
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPTS / script), run_name="__main__")
    printed = capsys.readouterr().err
    assert ended.value.code == 1 and printed.startswith("error: ") and message in printed
    assert {path.stem for path in tmp_path.iterdir()} <= {"a"}, "nothing but the figure before the mistake"


def test_every_caption_is_plain_text():
    captions = sorted((SCRIPTS.parent / "rules" / "report").glob("*.rst"))
    assert {"originals", "images", "average", "bd_rate", "time"} <= {path.stem for path in captions}
    for path in captions:
        text = path.read_text(encoding="utf-8").strip()
        captions_of = re.findall(r':\n"(.+?)",\n', text, re.DOTALL) if text.startswith("{%") else [text]
        assert captions_of and all(caption.endswith(".") for caption in captions_of), path
