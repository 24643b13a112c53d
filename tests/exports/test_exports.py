"""Exports in the forms of other tools, and those tools on them where they are installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import exports
from study.codecs.compressai import startup
from study.core import atomic_io, readers
from study.core.errors import StudyError
from study.exports import bibtex, codec_compare, compressai, latex
from study.metrics.registry import REGISTRY
from study.planning import entries
from tiny_study import ROOT, Study

METRICS = ["psnr_rgb", "ms_ssim", "vifp_sewar"]
CODEC = {
    "codec": "mine",
    "label": "My codec & 50 %",
    "family": "WebP",
    "backend": "webp",
    "parameter": "quality, 1 to 3",
    "settings": '{"a": 1}',
    "versions": "lib 1",
    "reason": "",
}


def row(quality, bpp, psnr, **changed):
    values = {
        "codec": "mine",
        "image_set": "photos",
        "quality": str(quality),
        "status": "ok",
        "reason": "",
        "gaps": "",
        "width": "64",
        "height": "48",
    }
    values |= {"image": "a", "bytes": str(int(bpp * 384)), "bpp": str(bpp), "payload_bpp": str(bpp - 0.01)}
    values |= {
        "psnr_rgb": str(psnr),
        "ms_ssim": "0.9",
        "vifp_sewar": "0.5",
        "encode_s": "0.1",
        "decode_s": "0.2",
    }
    return values | changed


def bd_row(codec, metric, rate, lo="", hi="", reason="", over="mean of images"):
    values = {
        "image_set": "photos",
        "over": over,
        "method": "pchip",
        "codec": codec,
        "anchor": "jpeg",
        "metric": metric,
    }
    return values | {"bd_rate": rate, "bd_rate_lo": lo, "bd_rate_hi": hi, "n_images": "5", "reason": reason}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A made-up study of two codecs and one image set, and its exports."""
    means = [row(2, 0.5, 32), row(1, 0.25, 29), row(3, 1.0, 35)]
    known = [CODEC, CODEC | {"codec": "jpeg", "label": "JPEG", "family": "JPEG", "backend": "jpeg"}]
    means += [mean | {"codec": "jpeg"} for mean in means]
    bd = [bd_row("mine", "psnr_rgb", "-12.345", "-15.06", "-9.94")]
    for name, rows in (("codecs", known), ("means", means), ("rd", means), ("bd", bd)):
        atomic_io.write_rows(tmp_path / f"{name}.csv", rows[0], rows)
    plan = {"sets": {"photos": {"a": "photos@1"}}, "metrics": METRICS, "bd": True}
    plan["commands"] = {name: {"encode": f"e {name}", "decode": f"d {name}"} for name in ("mine", "jpeg")}
    for path, text in exports.texts(tmp_path, plan, ROOT / "references"):
        atomic_io.write_text(tmp_path / "exports" / path, text)
    return tmp_path / "exports"


# ------------------------------------------------------------------------------------------------ CompressAI


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["psnr", "ms-ssim"])
def test_compressai_draws_our_curves_beside_its_own(folder, tmp_path, metric):
    own = {"name": "own", "results": {"ms-ssim-rgb": [0.9, 0.95], "psnr-rgb": [28, 31], "bpp": [0.2, 0.4]}}
    (tmp_path / "own.json").write_text(json.dumps(own))
    ours = sorted((folder / "compressai/photos").iterdir())
    command = [sys.executable, "-m", "compressai.utils.plot", "-f", *ours, tmp_path / "own.json", "-m", metric]
    done = subprocess.run(
        [*map(str, command), "-o", str(tmp_path / "plot.png")],
        capture_output=True,
        text=True,
        env={"MPLBACKEND": "Agg", "PATH": "", "MPLCONFIGDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_compressai_reads_the_figures_of_the_tables(folder):
    startup.complete_torch()  # the whole library is imported, after parts of it
    from compressai.utils.plot.__main__ import parse_json_file

    read = parse_json_file(folder / "compressai/photos/mine.json", "psnr")
    assert read["name"] == "My codec & 50 %"
    assert read["xs"] == pytest.approx([0.25, 0.5, 1.0]), "whole files, as CompressAI counts classical codecs"
    assert read["ys"] == pytest.approx([29, 32, 35])


@pytest.mark.parametrize(("backend", "rate"), [("compressai", 0.24), ("tfci", 0.24), ("webp", 0.25)])
def test_the_rate_counts_the_payload_of_learned_codecs_alone(backend, rate):
    made = compressai.results(CODEC | {"backend": backend}, [row(1, 0.25, 29)], METRICS)
    assert made["results"]["bpp"] == pytest.approx([rate]) and made["results"]["file_bpp"] == [0.25]


def test_points_without_all_figures_are_left_out_and_told():
    means = [row(1, 0.25, 29), row(2, 0.5, "", gaps='{"psnr_rgb": "too small"}'), row(3, 1.0, "inf")]
    made = compressai.results(CODEC, means, METRICS)
    assert made["results"]["quality"] == [1]
    assert {len(values) for values in made["results"].values()} == {1}
    assert made["description"].endswith("without quality 2, 3 (psnr_rgb: too small)")
    exports.as_json(made)


# ------------------------------------------------------------------------------------------------ codec-compare


def test_a_batch_is_of_the_form_that_codec_compare_reads(folder):
    """Its README and its loader: one description for each constant and field, rows as long as the fields."""
    listed = json.loads((folder / "codec-compare/photos.json").read_text())
    assert listed == [["photos/mine.json"], ["photos/jpeg.json"]]
    for ((path,),) in zip(listed):
        batch = json.loads((folder / "codec-compare" / path).read_text())
        assert list(batch) == ["constant_descriptions", "constant_values", "field_descriptions", "field_values"]
        assert len(batch["constant_values"]) == len(batch["constant_descriptions"])
        for part in (*batch["constant_descriptions"], *batch["field_descriptions"]):
            ((name, text),) = part.items()
            assert name and isinstance(text, str) and text
        assert all(isinstance(value, str) for value in batch["constant_values"])
        names = [next(iter(part)) for part in (*batch["field_descriptions"], *batch["constant_descriptions"])]
        assert len(set(names)) == len(names)
        assert {"name", "codec", "version", "original_name", "encoded_size", "bpp", "psnr", "msssim"} <= set(names)
        for values in batch["field_values"]:
            assert len(values) == len(batch["field_descriptions"])
        used = re.findall(r"\$\{(\w+)\}", " ".join(batch["constant_values"]))
        assert set(used) <= set(names)


def test_a_batch_holds_the_cells(folder):
    batch = json.loads((folder / "codec-compare/photos/mine.json").read_text())
    fields = [next(iter(part)) for part in batch["field_descriptions"]]
    first = dict(zip(fields, batch["field_values"][0]))
    assert (first["original_name"], first["folder"], first["quality"], first["encoded_size"]) == (
        "a.png",
        "photos@1",
        2,
        192,
    )
    assert (first["bpp"], first["psnr"]) == (0.5, 32) and "encoding_time" not in first


def test_cells_without_figures_are_left_out_of_batches():
    made = codec_compare.batch(
        CODEC,
        "photos",
        [row(1, 0.25, "inf"), row(2, 0.5, "")],
        {"psnr_rgb": "PSNR"},
        {"a": "p"},
        {"encode": "e", "decode": "d"},
    )
    assert made["field_values"] == [] and made["constant_values"][-1] == "2 of 2"
    assert codec_compare.listing("photos", {"mine": made}) == []


# ------------------------------------------------------------------------------------------------ LaTeX, BibTeX


def test_the_table_has_a_row_for_each_codec_and_its_intervals():
    bd = [
        bd_row("mine", "psnr_rgb", "-12.345", "-15.06", "-9.94"),
        bd_row("mine", "ms_ssim", "", reason="too few\npoints"),
        bd_row("other", "psnr_rgb", "3.21"),
        bd_row("other", "ms_ssim", "1", "0", "2"),
        bd_row("mine", "psnr_rgb", "99", over="mean curve"),
    ]
    table = latex.tables(bd, {"mine": "Mine & 50 %_#", "other": "Other", "jpeg": "JPEG"})
    assert r"Mine \& 50 \%\_\# & $-12.3$ & [$-15.1$, $-9.9$] & -- & \\" in table
    assert r"Other & $+3.2$ & & $+1.0$ & [$+0.0$, $+2.0$] \\" in table
    assert "% mine, ms_ssim: too few points" in table
    assert "99" not in table
    body = table.split("\\midrule\n")[1].split("\\bottomrule")[0]
    assert {line.replace("\\&", "").count("&") for line in body.splitlines()} == {4}
    assert table.count("{") - table.count("\\{") == table.count("}") - table.count("\\}")
    assert "against JPEG on photos (5 images)" in table


def test_each_anchor_has_a_table_of_its_own():
    bd = [bd_row("mine", "psnr_rgb", "-12"), bd_row("mine", "psnr_rgb", "-3") | {"anchor": "webp"}]
    first, second = latex.tables(bd, {"mine": "Mine", "jpeg": "JPEG", "webp": "WebP"}).split("\n\n")
    assert "against JPEG on" in first and "$-12.0$" in first and "against WebP on" in second and "$-3.0$" in second


def test_special_characters_are_escaped():
    assert latex.escaped(r"a\b^c~{d}") == r"a\textbackslash{}b\textasciicircum{}c\textasciitilde{}\{d\}"


PAPERS = (ROOT / "references/papers.bib").read_text(encoding="utf-8")
CITATIONS = readers.read_yaml(ROOT / "references/citations.yaml")


def test_every_paper_is_cited_and_every_citation_has_its_paper():
    cited = [
        key
        for kind in ("families", "backends", "metrics", "images")
        for keys in CITATIONS[kind].values()
        for key in keys
    ]
    assert set(cited) | set(CITATIONS["always"]) == set(bibtex.entries(PAPERS))
    for key, entry in bibtex.entries(PAPERS).items():
        assert entry.count("{") == entry.count("}"), key
        assert "title = " in entry and "author = " in entry, key


WITHOUT_PAPER = {"psnr_rgb", "psnr_y"}  # metrics, and families of codecs, that no paper is cited for


def test_every_codec_and_metric_of_the_repository_has_its_paper():
    assert {entry.family for entry in entries.codecs().values()} - WITHOUT_PAPER <= set(CITATIONS["families"])
    assert REGISTRY.keys() - WITHOUT_PAPER == set(CITATIONS["metrics"])


def test_a_study_cites_its_own(folder):
    entries = bibtex.entries((folder / "papers.bib").read_text(encoding="utf-8"))
    assert list(entries) == sorted(entries)
    assert {"zern2024webp", "wallace1992jpeg", "wang2003msssim", "sheikh2006vif", "bjontegaard2001"} <= set(entries)
    assert "mentzer2020hific" not in entries
    with pytest.raises(StudyError, match="cites 'wallace'; did you mean 'wallace1992jpeg'"):
        bibtex.bibliography(PAPERS, ["wallace"])


# ------------------------------------------------------------------------------------------------ in the workflow


@pytest.mark.study
def test_every_study_has_exports_whose_paths_lead_to_images(finished: Study) -> None:
    folder = finished.folder / "results/studies/tiny/exports"
    assert "tabular" in (folder / "bd_rate.tex").read_text()
    for name in ("jpeg", "webp"):
        assert len(json.loads((folder / f"compressai/crops/{name}.json").read_text())["results"]["bpp"]) == 4
        batch = json.loads((folder / f"codec-compare/crops/{name}.json").read_text())
        constants = {
            next(iter(part)): value for part, value in zip(batch["constant_descriptions"], batch["constant_values"])
        }
        fields = [next(iter(part)) for part in batch["field_descriptions"]]
        assert len(batch["field_values"]) == 8
        for values in batch["field_values"]:
            known = dict(zip(fields, map(str, values)))
            for path in (constants["original_path"], constants["decoded_path"]):
                filled = re.sub(r"\$\{(\w+)\}", lambda match, known=known: known[match[1]], path)
                assert (folder / "codec-compare/crops" / filled).is_file(), filled


@pytest.mark.study
def test_exports_do_not_depend_on_when_they_are_made(study: Study) -> None:
    folder = study.folder / "results/studies/tiny/exports"
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    assert len(before) == 7
    (folder / "papers.bib").unlink()
    done = study.run("results/studies/tiny/exports/papers.bib")
    assert done.status == 0, done.output
    assert {path: path.read_bytes() for path in before} == before
