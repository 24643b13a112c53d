"""Every kind of figure at the widths of journals' columns: the width is kept, nothing is cut, no text on another."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from figure_files import check_figure
from figure_study import SIZES
from figure_texts import leaving, overlapping, placed
from latent_records import FIGURES, LatentRecords
from study.analysis import head_to_head as pairs
from study.analysis.rank_agreement import Agreement
from study.core import paths
from study.core.errors import StudyError
from study.figures import (
    bd_rate,
    canvas,
    curves,
    head_to_head,
    opinions,
    originals,
    paper,
    rank_agreement,
    tiles,
    times,
    training,
)
from study.figures.latents import drawing
from study.figures.paper import Paper

METRICS = ["psnr_rgb", "psnr_y", "ssim", "ms_ssim", "ssim_sewar", "msssim_sewar", "vifp_sewar", "ssimulacra2", "vmaf"]
PAPERS = {
    "single": Paper("single"),
    "double": Paper("double"),
    "acm": Paper(84.7, "STIXGeneral", 8.0),
    "ieee": Paper(181.0, "DejaVu Serif", 9.0),
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    files = []
    for number, (name, (width, height)) in enumerate([*SIZES.items()] * 4):
        path = folder / f"{name}-{number}.png"
        Image.new("RGB", (width, height), "teal").save(path)
        files.append((path, {"image": path.stem, "width": str(width), "height": str(height), "was_jpeg": "yes"}))
    return files


def of_the_study(study, photos):
    """The kinds of figures of a study, by name."""
    linear, log = curves.Options(), curves.Options(rate_axis="log", ssim_scale="db")
    bd_rows = study.bd(anchors=("jpeg", "jpeg-2000"))
    yield "image", curves.figure(study.image_rows("a"), study.codecs, "a (600×400)", linear)
    yield "average", curves.figure(study.means, study.codecs, "photos: mean of 3 images at each quality", log)
    yield "one panel", curves.figure(study.means, study.codecs, "mean", curves.Options(("psnr_rgb",)))
    yield "bd_rate", bd_rate.figure(bd_rows, study.codecs)
    yield "time", times.figure(study.means, 0.2, "clocked", study.codecs, bd_rate.against(bd_rows), linear)
    yield "no time", times.none("photos")
    yield "originals", originals.figure(photos, "photos: 12 images")
    matrix = [
        {"image_set": "photos", "metric": "psnr_rgb", "codec": codec, "anchor": other, "n_images": "3",
         "bd_rate": str(7.0 * (index - against) + 0.5), "bd_rate_lo": "-9", "bd_rate_hi": "9"}
        for index, codec in enumerate(study.codecs)
        for against, other in enumerate(study.codecs)
        if codec != other
    ]  # fmt: skip
    assert pairs.reversed_pairs(matrix, "jpeg") is not None
    yield "head_to_head", head_to_head.figure(matrix, study.codecs, "jpeg")
    few = [row for row in matrix if {row["codec"], row["anchor"]} <= set(list(study.codecs)[:6])]
    yield "head_to_head of few", head_to_head.figure(few, study.codecs, "jpeg")
    taus = Agreement(np.full((len(METRICS), len(METRICS)), -0.88), 7)
    yield "rank_agreement", rank_agreement.figure("photos", METRICS, taus, taus)
    scale = [
        {"image_set": "photos", "rate": rate, "codec": codec, "strength": str(index / 5), "lo": str(index / 5 - 0.5),
         "hi": str(index / 5 + 0.5), "level": "0.95", "simulated": "yes", "observers": "9"}
        for rate in ("0.25", "0.5", "0.75", "1")
        for index, codec in enumerate(list(study.codecs)[::2])
    ]  # fmt: skip
    agreement = [
        {"rate": rate, "metric": metric, "spearman": "0.8", "spearman_lo": "0.2", "spearman_hi": "1",
         "agreement": "0.7", "agreement_lo": "", "agreement_hi": ""}
        for rate in ("0.25", "0.5", "0.75", "1")
        for metric in METRICS
    ]  # fmt: skip
    yield "opinions", opinions.figure("photos", scale, agreement, study.codecs)
    table = [{"step": str(n), "bpp": str(1 / n), "distortion": str(9 / n), "loss": str(9 / n)} for n in (50, 100, 900)]
    yield "training", training.figure("tiny-mbt2018-mean-mse", {f"{n}": table for n in range(1, 9)})
    yield "gap", tiles.gap("photos: a figure", "the codec has no latents")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["single", "double"])
def test_every_kind_keeps_to_the_paper(large, photos, name):
    with canvas.on(PAPERS[name]):
        for kind, figure in of_the_study(large, photos):
            assert figure.get_figwidth() <= PAPERS[name].inches + 1e-9, kind
            texts = placed(figure)
            assert leaving(figure, texts) == [], kind
            assert overlapping(texts) == [], kind
            assert all("…" not in text.words for text in texts), kind


@pytest.mark.slow
@pytest.mark.parametrize("name", ["single"])
def test_every_kind_of_latent_figure_keeps_to_the_paper(tmp_path_factory, monkeypatch, name):
    made = LatentRecords(tmp_path_factory.mktemp("made"), channels=96, names="ab")
    kept = {}

    def check(figure, out):
        stem = next(iter(out)).stem
        texts = placed(figure)
        kept[stem] = figure.get_figwidth(), leaving(figure, texts), overlapping(texts)

    monkeypatch.setattr(canvas, "save", check)
    plan = replace(made.plan(**FIGURES), paper=PAPERS[name])
    out = made.folder / "out"
    drawing.draw(plan, made.folder, paths.ROOT / "references", out, out / "figures.csv")
    assert {stem.split("-")[0] for stem in kept} == set(drawing.KINDS)
    for stem, (width, gone, pairs_of_texts) in kept.items():
        assert width <= PAPERS[name].inches + 1e-9, stem
        assert gone == [] and pairs_of_texts == [], stem


def test_a_colliding_and_a_cut_text_are_found():
    layout = canvas.start(1.0, "title")
    layout.figure.text(0.5, 0.5, "below", rotation=45)
    layout.figure.text(0.5, 0.5, "above")
    layout.figure.text(0.99, 0.2, "beyond the edge")
    texts = placed(layout.figure)
    assert leaving(layout.figure, texts) == ["beyond the edge"] and overlapping(texts) == [("below", "above")]


@pytest.mark.slow
def test_names_at_bars_are_whole(large):
    for name, chosen in PAPERS.items():
        with canvas.on(chosen):
            figure = bd_rate.figure(large.bd(), large.codecs)
        labels = {" ".join(label.get_text().split()) for label in figure.axes[0].get_yticklabels()}
        assert labels | {"JPEG"} == {look.label for look in large.codecs.values()}, name


def test_font_and_size_are_those_that_were_asked_for(small):
    with canvas.on(Paper("single", "STIXGeneral", 8.0)):
        figure = curves.figure(small.means, small.codecs, "mean", curves.Options(("psnr_rgb",)))
    label = figure.axes[0].xaxis.label
    assert label.get_size() == 8.0 and label.get_family()[0] == "STIXGeneral"
    assert figure.get_figwidth() == pytest.approx(88 / 25.4)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [(Paper(font="Comic Sense"), "the font 'Comic Sense' is not installed; "), (Paper("tripple"), "allowed: single, ")],
)
def test_a_paper_that_cannot_be_is_refused(chosen, message):
    with pytest.raises(StudyError, match=message), canvas.on(chosen):
        canvas.start(1.0)


@pytest.mark.slow
def test_a_study_may_have_vector_figures_as_svg(small, tmp_path):
    small.write(tmp_path)
    command = [sys.executable, paths.SCRIPTS / "plot_bd.py", "--bd", tmp_path / "bd.csv"]
    command += ["--codecs", tmp_path / "codecs.csv", "--set", "photos", "--width", "single"]
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        files = [tmp_path / folder / f"bd.{form}" for form in ("svg", "pdf", "png")]
        subprocess.run([*command, "--out", *files], check=True)
        check_figure(*files[1:])
    for form in ("svg", "pdf", "png"):
        assert (tmp_path / f"one/bd.{form}").read_bytes() == (tmp_path / f"two/bd.{form}").read_bytes()
    text = (tmp_path / "one/bd.svg").read_text()
    assert 'width="249.448' in text and "<image" not in text and "<dc:date>" not in text


def test_the_schema_and_the_library_agree():
    assert set(paper.COLUMNS) == {"single", "double"} and paper.COLUMNS["single"] == 88.0
