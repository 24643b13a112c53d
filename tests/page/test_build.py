"""What is written beside the page, and the page that the workflow makes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

import page_answers
import pages
from pages import make_page
from study.core import atomic_io, readers
from study.core.errors import StudyError
from study.figures import palette
from study.page import build, row_files, tables
from study.page import links as page_links
from tiny_study import Study


def test_same_artifacts_give_the_same_bytes_and_a_second_build_changes_nothing(tmp_path: Path) -> None:
    first, second = (make_page(tmp_path / name) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    before = {path: path.stat().st_mtime_ns for path in first.parent.rglob("*.png")}
    assert len(before) == 2 + 17
    plan = pages.make(tmp_path / "c")
    build.build(plan, tmp_path / "a/results", first)
    assert {path: path.stat().st_mtime_ns for path in first.parent.rglob("*.png")} == before


def test_times_of_the_costs_are_those_of_timing_alone() -> None:
    known = palette.styles([{"codec": "a", "label": "A", "family": "f"}])
    cell = {"codec": "a", "width": "1000", "height": "1000", "encode_s": "9", "decode_s": "9", "peak_rss": "1048576"}
    without = tables.costs([cell], [], known)
    assert without.columns[1:] == ["Peak MiB"] and "no times" in without.caption
    clocked = cell | {"encode_s": "2", "decode_s": "1", "rounds": "3", "repeats": "5", "machine": "M"}
    timed = tables.costs([cell], [], known, [clocked])
    assert [entry.text for entry in timed.rows[0]][1:3] == ["2", "1"] and "5 calls on one core of M" in timed.caption


def test_opinions_have_a_figure_and_tables_of_chosen_columns(tmp_path: Path) -> None:
    plan, folder = pages.make(tmp_path), tmp_path / "results/studies/made"
    observer = {"observer": "ada", "simulated": "no", "scaled": "no", "answers": "8", "counted": "yes", "reason": ""}
    scale = {"image_set": "set", "rate": "0.25", "codec": "jpeg", "strength": "1", "level": "0.95", "simulated": "no"}
    bob = observer | {"observer": "bob", "counted": "no", "reason": "1 of 4 traps", "scaled": "yes"}
    for name, rows in {"opinions_observers": [observer, bob], "opinions_scale": [scale]}.items():
        atomic_io.write_rows(folder / f"{name}.csv", list(rows[0]), rows)
        plan["files"].append(f"{name}.csv")
    build.build(plan, tmp_path / "results", folder / "index.html")
    text = (folder / "index.html").read_text()
    section = text[text.index('<section id="opinions"') :].split("</section>")[0]
    assert "Observers that count: 1 of 2. Their answers: 8," in section and "Simulated observers." not in section
    heads = [re.findall(r"<th scope[^>]*>([^<]*)", table) for table in section.split("<table")[1:]]
    assert heads == [
        ["image set", "rate", "codec", "strength"],
        ["observer", "counted", "reason", "answers", "scaled", "simulated"],
    ]
    assert re.findall(r'data-kind="([a-z]+)"', section) == ["yes", "no"]  # neither simulated nor scaled is judged


def test_links_follow_the_records(tmp_path: Path) -> None:
    page = make_page(tmp_path)
    shown = page.parent / "files/decoded/set/jpeg/10/first.png"
    source = tmp_path / "results/decoded/set/jpeg/10/first.png"
    assert shown.samefile(source)
    atomic_io.write_bytes(source, (tmp_path / "results/decoded/set/jpeg/30/first.png").read_bytes())
    stray = page.parent / "files/decoded/set/gone/10/first.png"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"of an earlier page")
    wanted = page_links.links(tmp_path / "results", {"set": ["set"]}, [("jpeg", "10")])
    page_links.write(page.parent, wanted)
    assert shown.samefile(source)
    files = {path.relative_to(page.parent).as_posix() for path in (page.parent / "files").rglob("*.*")}
    assert files == set(wanted) and len(wanted) == 2 + 2 + 2
    assert not stray.parent.exists()


def test_images_are_copied_where_links_are_not_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("another file system")

    monkeypatch.setattr(os, "link", refuse)
    page = make_page(tmp_path)
    shown, source = (root / "decoded/set/jpeg/10/first.png" for root in (page.parent / "files", tmp_path / "results"))
    assert shown.read_bytes() == source.read_bytes() and not shown.samefile(source)


def test_a_lost_image_is_named_and_no_page_is_written(tmp_path: Path) -> None:
    plan = pages.make(tmp_path)
    (tmp_path / "results/decoded/set/webp/30/first.png").unlink()
    page = tmp_path / "results/studies/made/index.html"
    with pytest.raises(StudyError, match=r"webp/30/first\.png is gone"):
        build.build(plan, tmp_path / "results", page)
    assert not page.exists()


def test_a_plan_without_a_key_is_refused(tmp_path: Path) -> None:
    plan = pages.make(tmp_path)
    del plan["sets"]
    with pytest.raises(StudyError, match="no 'sets'"):
        build.build(plan, tmp_path / "results", tmp_path / "index.html")


def test_every_local_address_in_the_page_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    addresses = re.findall(r'(?:href|src)="([^"#{$]+)"', text)
    assert not [one for one in addresses if re.match(r"[a-z]+:", one) and not one.startswith("data:")]
    assert all((page.parent / unquote(one)).exists() for one in addresses if not one.startswith("data:"))


def test_every_kind_of_table_has_its_place(tmp_path: Path) -> None:
    plan = page_answers.add(tmp_path, pages.make(tmp_path))
    study = tmp_path / "results/studies/made"
    image = (tmp_path / "results/images/set/first.png").read_bytes()
    for name, header in (
        ("latents/zero/other.csv", "edit,bpp,image\nzero rows,0.25,images/set/first.png\n"),
        ("figures/latents/zero/first/figures.csv", "figure,file,caption\natlas,atlas.png,All channels\n"),
        ("exports/papers.bib", ""),
    ):
        (study / name).parent.mkdir(parents=True, exist_ok=True)
        (study / name).write_text(header)
        plan["files"].append(name)
    for name in ("figures/latents/zero/sheet.png", "figures/set/average.png"):
        atomic_io.write_bytes(study / name, image)
        plan["files"].append(name)
    atomic_io.write_bytes(study / "figures/latents/zero/first/atlas.png", image)
    build.build(plan, tmp_path / "results", study / "index.html")
    text = (study / "index.html").read_text(encoding="utf-8")
    for part in (page_answers.CLAIM, "0.125", "zero rows", 'data-kind="holds"'):
        assert part in text
    assert (study / "files/images/set/first.png").read_bytes() == image and "first: All channels" in text
    edited = "files/images/set/first.png"
    sheet, atlas = (f"figures/latents/zero/{name}.png" for name in ("sheet", "first/atlas"))
    for name in (edited, sheet, atlas, "exports/papers.bib", "figures/set/average.png", "audit.csv"):
        assert f'href="{name}"' in text
    for section in ("best", "images", "claims", "latents", "trust", "exports"):
        assert f'<section id="{section}"' in text and f'href="#{section}"' in text


@pytest.mark.study
def test_the_workflow_makes_a_whole_page(finished: Study) -> None:
    folder = finished.folder / "results/studies/tiny"
    text = (folder / "index.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.+?)</script>', text).group(1))
    assert len(data["rd"]["bpp"]) == 16 and [one["id"] for one in data["codecs"]] == ["jpeg", "webp"]
    for codec in ("jpeg", "webp"):
        record = finished.folder / f"results/decoded/crops/{codec}/30/decoded.csv"
        for row in readers.read_rows(record):
            shown = folder / f"files/decoded/crops/{codec}/30/{row['file']}"
            assert readers.sha256(shown) == row["sha256"] and shown.samefile(record.parent / row["file"])
    made = {row["rule"]: row for row in json.loads((folder / "provenance.json").read_text())["records"]}
    assert (made["encode"]["records"], made["encode"]["made"], made["encode"]["reused"]) == (8, 8, 0)
    for rule in ("fetch_images", "encode", "aggregate", "bd_rate", "page", "check_cells"):
        assert re.search(rf"<text [^>]+>{rule}[ <]", text)
    assert str(finished.folder) not in text
    command = data["codecs"][1]["commands"]["30"][0].replace("{set}", "crops")
    assert command.startswith("python scripts/encode.py --codec webp --quality 30 --spec ")


@pytest.mark.study
def test_a_rerun_tells_what_was_reused(study: Study) -> None:
    study.config["codecs"]["webp"].append(95)
    done = study.run()
    assert done.status == 0, done.output
    folder = study.folder / "results/studies/tiny"
    made = {row["rule"]: row for row in json.loads((folder / "provenance.json").read_text())["records"]}
    assert (made["encode"]["made"], made["encode"]["reused"]) == (1, 8)
    assert (folder / "files/decoded/crops/webp/95/face.png").exists()
    before = (folder / "index.html").read_bytes()
    (folder / "index.html").unlink()
    assert study.run().status == 0
    assert (folder / "index.html").read_bytes() == before


def bd_of_images() -> list[dict[str, str]]:
    about = {"image_set": "set", "over": "image", "metric": "psnr_rgb", "anchor": "jpeg", "method": "pchip", "note": ""}
    values = {"a": "5.25", "b": "-3", "c": "", "d": "9"}
    return [
        about | {"codec": codec, "image": image, "bd_rate": value, "bd_rate_lo": "", "reason": "why not"}
        for codec in ("webp", "avif")
        for image, value in values.items()
    ] + [about | {"codec": "webp", "image": "a", "bd_rate": "77", "method": "akima"}]


def test_bd_rates_by_image_and_worst_images_lead_to_views() -> None:
    styles = palette.styles(
        [{"codec": name, "label": name.upper(), "family": name} for name in ("jpeg", "webp", "avif")]
    )
    (by_image,) = tables.bd_images(bd_of_images(), styles)
    assert by_image.columns == ["Image", "WEBP", "AVIF"] and by_image.choice["Anchor"] == "JPEG"
    assert [row[0].text for row in by_image.rows] == ["a", "b", "c", "d"]
    assert [row[1].text for row in by_image.rows] == ["+5.2", "−3.0", "refused", "+9.0"]
    assert by_image.rows[0][0].view == "set=set&curve=a&metric=psnr_rgb&image=a"
    (worst,) = tables.worst_images(bd_of_images(), styles, 4)
    assert [cell.text for cell in worst.rows[0]] == ["WEBP", "d +9.0", "a +5.2", "b −3.0", "–"]
    (all_of_them,) = tables.worst_images(bd_of_images(), styles)
    assert all_of_them.columns == worst.columns == ["Codec", "Worst", "2.", "3.", "4."], "no columns without images"
    assert tables.bd_images([], styles) == tables.worst_images([], styles) == []


def test_of_many_images_the_table_of_bd_rates_has_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    styles = palette.styles([{"codec": name, "label": name, "family": name} for name in ("jpeg", "webp", "avif")])
    monkeypatch.setattr(tables, "MOST", 7)
    (by_image,) = tables.bd_images(bd_of_images(), styles)
    assert [row[0].text for row in by_image.rows] == ["a", "b", "c"]
    assert by_image.caption.endswith("(the first 3 of 4 images; the file has all)")


def test_rows_of_a_large_study_are_in_files_of_whole_images_of_one_set() -> None:
    rows = [{"image_set": name[0], "image": name, "quality": q} for name in ("a1", "a2", "a3", "b1") for q in "123"]
    assert row_files.groups(rows, whole=12) == [rows]
    assert row_files.groups(rows, whole=11, size=4) == [rows[:6], rows[6:9], rows[9:]]
    assert row_files.groups(rows, whole=0, size=100) == [rows[:9], rows[9:]]
    assert row_files.groups([]) == [[]]


def test_the_page_names_the_files_of_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_files, "WHOLE", 1)
    monkeypatch.setattr(row_files, "ROWS", 1)
    page = make_page(tmp_path)
    stale = page.parent / "page/rows/9-00000000.js"
    stale.write_text("")
    build.build(pages.make(tmp_path), tmp_path / "results", page)
    data = json.loads(re.search(r'id="data">(.+?)</script>', page.read_text(encoding="utf-8")).group(1))
    (second,) = data["rows"]
    assert (second["set"], second["images"]) == ("set", ["second one"]) and data["rd"]["image"]["texts"] == ["first"]
    assert [f"page/rows/{path.name}" for path in (page.parent / "page/rows").iterdir()] == [second["file"]]
    text = (page.parent / second["file"]).read_text(encoding="utf-8")
    columns = json.loads(text.removeprefix("(window.studyRows ??= {})[1] = ").removesuffix(";\n"))
    assert columns["image"]["texts"] == ["second one"] and len(columns["bpp"]) == 9


def test_a_difference_that_rounds_to_zero_has_no_minus():
    assert [tables._signed(value, 1) for value in (-0.04, 0.04, -0.06)] == ["+0.0", "+0.0", "−0.1"]
