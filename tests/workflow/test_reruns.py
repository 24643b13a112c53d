"""Only what changed runs again: proven both ways on the tiny study."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tiny_study import Study, environment, held, make_study
from waiting import wait

pytestmark = pytest.mark.study

CELLS = 8  # two codecs at four qualities on one image set


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path} no longer has {old!r}: mend this test"
    path.write_text(text.replace(old, new, 1))


def tables_and_figures(plan: dict[str, int]) -> bool:
    return "aggregate" in plan and any(rule.startswith("plot_") for rule in plan)


def test_finished_study_has_every_product(finished: Study) -> None:
    results = finished.folder / "results"
    assert len(list(results.glob("bitstreams/crops/*/*/encoded.csv"))) == CELLS
    assert len(list(results.glob("decoded/crops/*/*/*.png"))) == 2 * CELLS
    assert (results / "studies/tiny/rd.csv").read_text().count("\n") == 1 + 2 * CELLS


def test_second_run_does_nothing(study: Study) -> None:
    done = study.run()
    assert done.status == 0
    assert "Nothing to be done" in done.output


def test_touch_clone_and_move_rerun_nothing(study: Study, tmp_path: Path) -> None:
    for path in study.folder.rglob("*"):
        inside = path.relative_to(study.folder).parts[0]
        if path.is_file() and inside in (
            "scripts",
            "rules",
            "photos",
            "envs",
            "catalogue",
            "Snakefile",
        ):
            path.touch()
    assert study.plan() == {}
    fresh = make_study(tmp_path / "fresh" / "clone")
    for name in ("results", ".snakemake"):
        (study.folder / name).rename(fresh.folder / name)
    assert fresh.plan() == {}


def test_results_alone_moved_into_a_clone_rerun_nothing(study: Study, tmp_path: Path) -> None:
    fresh = make_study(tmp_path / "fresh" / "clone")  # its files are newer than the results
    shutil.copytree(study.folder / "results", fresh.folder / "results")
    for path in fresh.folder.rglob("*"):
        if path.is_file() and path.relative_to(fresh.folder).parts[0] != "results":
            path.touch()
    assert fresh.plan() == {}


def test_another_content_of_a_source_image_makes_its_set_anew(study: Study) -> None:
    source = study.folder / "photos" / "face.png"
    shutil.copy(study.folder / "photos" / "suit.png", source)
    os.utime(source, (0, 0))  # its date is nothing to go by
    assert study.plan()["fetch_images"] == 1


def test_comment_reruns_nothing_and_code_reruns_its_users(study: Study) -> None:
    webp = study.folder / "scripts/study/codecs/classical/webp.py"
    webp.write_text(webp.read_text() + "# a comment\n")
    assert study.plan() == {}
    webp.write_text(webp.read_text() + "UNUSED = 1\n")
    plan = study.plan()
    assert (plan["encode"], plan["decode"], plan["score"]) == (4, 4, 4)
    assert tables_and_figures(plan)
    assert study.run().status == 0
    assert study.plan() == {}


def test_shared_helper_reruns_every_user(study: Study) -> None:
    helper = study.folder / "scripts/study/core/atomic_io.py"
    helper.write_text(helper.read_text() + "UNUSED = 1\n")
    plan = study.plan()
    assert (plan["encode"], plan["decode"], plan["score"]) == (CELLS, CELLS, CELLS)


def test_scoring_code_reruns_no_encode_or_decode(study: Study) -> None:
    scoring = study.folder / "scripts/study/metrics/psnr.py"
    scoring.write_text(scoring.read_text() + "UNUSED = 1\n")
    plan = study.plan()
    assert plan["score"] == CELLS
    assert "encode" not in plan and "decode" not in plan


def test_a_cell_is_scored_by_what_studies_name_and_no_more(study: Study) -> None:
    shutil.rmtree(study.folder / "results/scores")
    few = {"metrics": ["psnr_rgb", "ssim_sewar"], "figures": {"panels": ["psnr_rgb"]}}
    study.config |= few
    assert study.run("results/studies/tiny/rd.csv").status == 0
    record = study.folder / "results/scores/crops/jpeg/30/cheap.csv"
    assert record.read_text().splitlines()[0] == "image,psnr_rgb,ssim_sewar,versions,status,reason,gaps"
    code = study.folder / "scripts/study/metrics/vif.py"
    code.write_text(code.read_text() + "UNUSED = 1\n")
    assert not {"score", "aggregate"} & study.plan().keys()

    study.config |= {"metrics": ["psnr_rgb", "vifp_sewar"]}
    plan = study.plan()
    assert plan["score"] == CELLS and tables_and_figures(plan)
    assert not {"encode", "decode"} & plan.keys()
    assert study.run("results/scores/crops/jpeg/30/cheap.csv").status == 0
    assert record.read_text().splitlines()[0] == "image,psnr_rgb,ssim_sewar,vifp_sewar,versions,status,reason,gaps"

    study.config |= few  # a study that shares the record finds what it names
    assert study.plan().get("score", 0) == 0


def test_a_costly_metric_that_is_added_is_a_job_of_its_own_for_each_cell(study: Study) -> None:
    study.config["metrics"] = ["psnr_rgb", "ssim_sewar", "msssim_sewar", "vifp_sewar", "lpips_alex", "nlpd"]
    plan = study.plan()
    assert plan["score_group"] == CELLS and plan["score"] == CELLS  # LPIPS, and NLPD in the record of the cheap ones
    study.config["metrics"].remove("nlpd")
    plan = study.plan()
    assert plan["score_group"] == CELLS and tables_and_figures(plan)
    assert not {"score", "encode", "decode"} & plan.keys()


def test_an_entry_of_the_registry_scores_nothing_again(study: Study) -> None:
    registry = study.folder / "scripts/study/metrics/registry.py"
    registry.write_text(registry.read_text() + "UNUSED = 1\n")
    plan = study.plan()
    assert tables_and_figures(plan)
    assert not {"encode", "decode", "score"} & plan.keys()


def test_added_quality_and_codec_run_a_chain_each(study: Study) -> None:
    study.config["codecs"]["webp"].append(95)
    study.config["codecs"]["jpeg-444"] = [50]
    plan = study.plan()
    assert (plan["encode"], plan["decode"], plan["score"]) == (2, 2, 2)
    assert tables_and_figures(plan) and not {"time_codec", "timing"} & plan.keys()


def test_added_image_set_runs_only_that_set(study: Study) -> None:
    (study.folder / "more").mkdir()
    shutil.copy(study.folder / "photos/face.png", study.folder / "more/other.png")
    study.config["images"].append("more")
    study.config["define"]["images"]["more"] = {"description": "one", "licence": "public domain", "folder": "more"}
    dry = study.run("-n")
    plan = dry.jobs
    assert (plan["fetch_images"], plan["encode"], plan["decode"], plan["score"]) == (1, CELLS, CELLS, CELLS)
    assert "results/bitstreams/crops" not in dry.output


def test_changed_setting_reruns_its_codec(study: Study) -> None:
    replace(study.folder / "catalogue/codecs.yaml", "method: 4", "method: 2")
    plan = study.plan()
    assert (plan["encode"], plan["decode"], plan["score"]) == (4, 4, 4)


def test_changed_lock_reruns_all_and_its_comments_nothing(study: Study) -> None:
    lock = study.folder / "envs/study.txt"
    lock.write_text(lock.read_text() + "# a comment\n")
    assert study.plan() == {}
    lock.write_text(lock.read_text() + "a-package==1.0\n")
    assert study.plan()["encode"] == CELLS


def test_deleted_image_is_made_again_and_nothing_upstream(study: Study) -> None:
    image = study.folder / "results/decoded/crops/webp/30/face.png"
    before = image.read_bytes()
    image.unlink()
    plan = study.plan()
    assert plan["decode"] == 1 and plan["score"] == 1
    assert "encode" not in plan and "fetch_images" not in plan
    assert study.run().status == 0
    assert image.read_bytes() == before
    assert study.plan() == {}


def test_deleted_bitstream_and_source_are_made_again(study: Study) -> None:
    lost = [study.folder / "results" / name for name in ("bitstreams/crops/jpeg/30/suit.jpg", "images/crops/face.png")]
    before = [path.read_bytes() for path in lost]
    for path in lost:
        path.unlink()
    assert study.run().status == 0
    assert [path.read_bytes() for path in lost] == before
    assert study.plan() == {}


def test_deleted_figures_are_drawn_again(study: Study) -> None:
    figures = study.folder / "results/studies/tiny/figures"
    lost = [figures / "crops/images/face.pdf", figures / "crops/average.png"]
    before = [path.read_bytes() for path in lost]
    for path in lost:
        path.unlink()
    plan = study.plan()
    assert (plan["plot_images"], plan["plot_average"]) == (1, 1)
    assert "encode" not in plan and "score" not in plan
    assert study.run().status == 0
    assert [path.read_bytes() for path in lost] == before
    assert study.plan() == {}


def test_killed_run_resumes_to_the_same_bytes(finished: Study, tmp_path: Path) -> None:
    """Killed while WebP waits, so never after the end, each time after some more files of JPEG were written."""
    study = make_study(tmp_path / "killed")
    study.write()
    results = study.folder / "results"
    log = tmp_path / "log"
    with held(study, "webp"):
        for files in (1, 3, 9, 16):
            with log.open("w") as output:
                process = subprocess.Popen(
                    study.command("--rerun-incomplete", "--nolock", "--cores", "10"),  # four wait
                    cwd=study.folder, env=environment(), stdout=output, stderr=output, start_new_session=True,
                )  # fmt: skip
            wait(lambda: count(results) >= files or process.poll() is not None, f"{files} files")  # noqa: B023
            assert process.poll() is None, log.read_text()
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert not (results / "studies/tiny/complete.txt").exists()
    done = study.run("--rerun-incomplete", "--nolock")
    assert done.status == 0, done.output
    assert study.products() == finished.products()
    assert not list(results.rglob(".partial-*"))


def count(results: Path) -> int:
    """How many files of images and bitstreams there are."""
    return sum(1 for part in ("images", "bitstreams", "decoded") for _ in (results / part).rglob("*.*"))


def test_scores_that_failed_are_computed_again_until_they_are_there(study: Study) -> None:
    table, record = "results/studies/tiny/rd.csv", "results/scores/crops/jpeg/30/cheap.csv"
    image = study.folder / "results/decoded/crops/jpeg/30/face.png"
    whole = image.read_bytes()
    image.write_bytes(image.with_name("suit.png").read_bytes())
    assert study.run(table, "--forcerun", record).status == 0
    assert study.plan()["score"] == 1
    image.write_bytes(whole)
    assert study.run(table).jobs["score"] == 1
    assert "failed" not in (study.folder / table).read_text()
    assert "score" not in study.plan()
