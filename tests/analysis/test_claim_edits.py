"""Claims about edits of latents: the report's own table, and changes in a study."""

from __future__ import annotations

import pytest

from study.analysis import claim_edits, report2021
from study.analysis.claim_pairs import Change, Claim, ClaimOptions, plan, problems
from study.core import typed
from study.core.paths import ROOT
from study.planning import catalogue

REPORT = report2021.read(ROOT / report2021.TABLE)
EDITS = [row["edit"] for row in REPORT[1:]]
KNOWN = {name: typed.built(Claim, entry) for name, entry in catalogue.read("claims").items()}
RATE = "report2021-edits-rate"


def planned(*names, known=KNOWN):
    return plan(ClaimOptions(list(names)), known, ["tiny"], ["psnr_rgb"], {"tiny": "bundled"})


def row(edit, image, change, policy="recompute", value="", **more):
    same = {"image_set": "photos", "experiment": "report", "codec": "tiny", "quality": "3", "reason": ""}
    same |= {"edit": edit, "image": image, "side_information": policy, "value": value, "delta_bpp": str(change)}
    return same | more


def test_the_reports_own_table_contradicts_that_the_bitrate_increases():
    (report, study), rows = claim_edits.tables(planned(RATE), REPORT, [])
    assert (report["data"], report["verdict"], report["holds"], report["fails"]) == ("report", "fails", 1, 5)
    assert "1 of 6 changes of the mean are as claimed" in report["reason"]
    assert {row["edit"]: row["verdict"] for row in rows} == {
        edit: "holds" if edit == "x100" else "fails" for edit in EDITS
    }
    assert (study["data"], study["verdict"]) == ("study", "not tested") and study["reason"] == claim_edits.NO_EDITS


def test_what_the_report_says_of_scores_holds_in_it_where_it_is_known():
    verdicts, rows = claim_edits.tables(planned("report2021-edits-psnr", "report2021-edits-msssim"), REPORT, [])
    of_report = {row["claim"]: row for row in verdicts if row["data"] == "report"}
    assert of_report["report2021-edits-msssim"]["verdict"] == "holds"
    psnr = of_report["report2021-edits-psnr"]
    assert (psnr["verdict"], psnr["holds"], psnr["not_tested"]) == ("undecided", 4, 2)
    assert "2 unknown" in psnr["reason"]
    unknown = [row for row in rows if row["verdict"] == "not tested"]
    assert len(unknown) == 2 and all("repeats a bpp figure" in row["reason"] for row in unknown)


@pytest.mark.parametrize(("change", "verdict"), [(0.02, "holds"), (-0.02, "fails")])
def test_a_study_decides_by_the_mean_over_its_images(change, verdict):
    table = [row(edit, f"i{n}", change + 0.001 * (n % 3)) for edit in EDITS for n in range(9)]
    table += [row(edit, "i0", -9 * change, policy="keep") for edit in EDITS]
    table += [row(edit, "i0", -9 * change, value="8") for edit in EDITS]
    verdicts, rows = claim_edits.tables(planned(RATE), REPORT, table)
    own = next(row for row in verdicts if row["data"] == "study")
    assert (own["verdict"], own["weights"], own["n_images"], own["comparisons"]) == (verdict, "bundled", 9, 6)
    judged = [row for row in rows if row["data"] == "study"]
    assert all(
        row["change"] == pytest.approx(change + 0.001) and row["lo"] < row["change"] < row["hi"] for row in judged
    )
    assert all(row["p_holm"] == pytest.approx(min(1, 6 * row["p"]), rel=1e-6) for row in judged)


@pytest.mark.parametrize("count", [1, 7])
def test_few_images_give_no_verdict_but_what_they_say(count):
    table = [row(edit, f"i{n}", -0.1 - 0.001 * n) for edit in EDITS for n in range(count)]
    verdicts, _ = claim_edits.tables(planned(RATE), REPORT, table)
    own = next(row for row in verdicts if row["data"] == "study")
    assert own["verdict"] == "undecided"
    assert "0 of 6 changes of the mean are as claimed" in own["reason"]
    assert f"a verdict needs 8 images, here are {count}" in own["reason"]


def test_an_image_without_figure_is_not_tested():
    table = [row("x100", "i0", "", reason="the coder's range"), row("x100", "i1", 3)]
    _, rows = claim_edits.tables(planned(RATE), REPORT, table)
    (own,) = [row for row in rows if row["data"] == "study"]
    assert own["verdict"] == "not tested" and own["reason"] == "i0: the coder's range"


def test_slips_of_a_claim_about_edits_are_told():
    changes = [Change(["x100", "y100"], ["bpp", "psnr_rg"], "rises", need=2)]
    own = {"mine": Claim("Mine.", edits=changes), "empty": Claim("Nothing.")}
    messages = list(problems(ClaimOptions(["mine"]), own, own, ["tiny"], ["psnr_rgb"], ["tiny"], EDITS))
    assert any("the edit 'y100' is unknown; did you mean 'x100'" in text for text in messages)
    assert any("the metric 'psnr_rg' is unknown" in text for text in messages)
    assert any("edits.0.need: found 2" in text for text in messages)
    assert "claim empty: it says nothing" in " ".join(messages)
