"""Claims: what they compare, and verdicts on curves whose truth is known."""

from __future__ import annotations

import copy
import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.analysis import claim_pairs, claim_verdicts
from study.analysis.claim_pairs import Claim, ClaimOptions
from study.codecs.base import Weights
from study.core import readers, typed
from study.core.errors import StudyError
from study.metrics import registry
from study.planning import config, payloads
from study.planning.cells import Plan
from tiny_study import ROOT, TINY, Study

LOGS = np.array([-1, -0.5, 0, 0.5, 1.0])
RATES = 10**LOGS
OPTIONS = {"min_overlap": 0.5}


def rows(codec, score, images="abcdefgh", rates=RATES, reason=""):
    """Rows of rd.csv of one codec: `score(image, log10 rate)` at each rate."""
    return [
        {
            "image_set": "photos",
            "image": image,
            "codec": codec,
            "quality": str(index),
            "bpp": str(rate) if not reason else "",
            "psnr_rgb": str(score(image, np.log10(rate))) if not reason else "",
            "status": "skipped" if reason else "ok",
            "reason": reason,
            "gaps": "",
        }
        for image in images
        for index, rate in enumerate(rates)
    ]


def line(offset=0.0, slope=10.0):
    """A codec whose PSNR is 30 + offset dB at 1 bpp and rises by `slope` for each factor of ten in rate."""
    return lambda image, log: 30 + offset + slope * log


def plan(*compare, weights=None, **options):
    codecs = ["good", "bad", "odd"]
    return planned(compare, codecs, "psnr_rgb", weights or dict.fromkeys(codecs, ""), OPTIONS | options)


def planned(compare, codecs, metric, weights, options):
    known = {"c": typed.built(Claim, {"text": "Good is better.", "compare": list(compare)})}
    return claim_pairs.plan(ClaimOptions(["c"], **options), known, codecs, [metric], weights)


def judge(table, **comparison):
    """The verdict and its comparisons for `good` against `bad` at PSNR."""
    compare = {"better": "good", "than": "bad", "metrics": ["psnr_rgb"]} | comparison
    verdicts, comparisons = claim_verdicts.tables(table, plan(compare))
    (verdict,) = verdicts
    return verdict, comparisons


# ------------------------------------------------------------------------------------------------ verdicts


def test_a_codec_that_needs_a_fifth_less_rate_holds_and_the_reverse_fails():
    table = rows("good", lambda image, log: 30 + 10 * (log - np.log10(0.8))) + rows("bad", line())
    verdict, (row,) = judge(table)
    assert verdict["verdict"] == row["verdict"] == "holds"
    assert [row["difference"], row["lo"], row["hi"]] == pytest.approx([-20, -20, -20], abs=1e-9)
    assert (row["unit"], row["agree"], row["n_images"]) == ("%", 8, 8)
    verdict, (row,) = judge(table, better="bad", than="good")
    assert verdict["verdict"] == "fails"
    assert row["difference"] == pytest.approx(25, abs=1e-9)
    assert row["agree"] == 0


@pytest.mark.parametrize(("margin", "expected"), [(0.9, "holds"), (1.1, "fails")])
def test_a_decibel_against_margins(margin, expected):
    verdict, (row,) = judge(rows("good", line(1)) + rows("bad", line()), by="bd_metric", margin=margin)
    assert row["difference"] == pytest.approx(1, abs=1e-12)
    assert verdict["verdict"] == expected


def test_images_that_disagree_leave_it_undecided():
    shift = dict(zip("abcdefgh", (1, -1, 1.2, -0.9, 1, -1, 1.2, -0.9)))
    good = rows("good", lambda image, log: 30 + shift[image] + 10 * log)
    verdict, (row,) = judge(good + rows("bad", line()), by="bd_metric")
    assert row["difference"] == pytest.approx(0.075, abs=1e-9)
    assert row["lo"] < 0 < row["hi"]
    assert verdict["verdict"] == row["verdict"] == "undecided"
    assert row["agree"] == 4 and row["reason"].startswith("p = 0.")


def test_the_interval_and_the_p_value_are_students():
    """With parallel lines, an image's BD-metric is its shift; SciPy has the test and the interval."""
    from scipy import stats

    shift = dict(zip("abcdefgh", (0.4, 1.6, 0.9, 2.1, -0.2, 1.1, 0.3, 0.7)))
    good = rows("good", lambda image, log: 30 + shift[image] + 10 * log)
    _, (row,) = judge(good + rows("bad", line()), by="bd_metric", margin=0.5)
    expected = stats.ttest_1samp(list(shift.values()), 0.5)
    ends = stats.ttest_1samp(list(shift.values()), 0.5).confidence_interval(0.95)
    assert [row["lo"], row["hi"]] == pytest.approx([ends.low, ends.high], abs=1e-9)
    assert row["p"] == row["p_holm"] == pytest.approx(expected.pvalue, abs=1e-9)
    values = np.array(list(shift.values()))
    assert row["effect"] == pytest.approx((values.mean() - 0.5) / values.std(ddof=1), abs=1e-9)


def test_several_comparisons_of_a_claim_are_corrected_for_their_number():
    """Each alone would hold at 5 %; Holm's least p-value is multiplied by the number of comparisons, here two."""
    from scipy import stats

    shift = dict(zip("abcdefgh", (0.4, 1.6, -0.9, 2.1, -0.8, 1.1, 0.9, 0.7)))
    values = np.array(list(shift.values()))
    margin = float(values.mean() - stats.t.ppf(1 - 0.035 / 2, 7) * values.std(ddof=1) / 8**0.5)  # p = 0.035
    good = rows("good", lambda image, log: 30 + shift[image] + 10 * log)
    bad, odd = rows("bad", line()), rows("odd", line())
    compare = {"better": "good", "than": "bad", "metrics": ["psnr_rgb"], "by": "bd_metric", "margin": margin}
    _, (alone,) = claim_verdicts.tables(good + bad, plan(compare))
    verdicts, both = claim_verdicts.tables(good + bad + odd, plan(compare, compare | {"than": "odd"}))
    assert alone["verdict"] == "holds" and alone["p"] == pytest.approx(0.035, abs=1e-9)
    assert [row["p_holm"] for row in both] == pytest.approx([2 * alone["p"]] * 2)
    assert {row["verdict"] for row in both} == {"undecided"} and verdicts[0]["verdict"] == "undecided"


def test_curves_that_cross_are_judged_over_the_stated_range():
    """Good is better by 2 - 5 log10(rate): the mean over log rate is 4.5 from 0.1 to 1 bpp, -1.75 from 3.16 to 10."""
    table = rows("good", line(2, slope=5)) + rows("bad", line())
    low, (row,) = judge(table, by="bd_metric", bpp=[0.1, 1])
    assert (low["verdict"], row["difference"]) == ("holds", pytest.approx(4.5, abs=1e-9))
    assert (row["range_lo"], row["range_hi"], row["share"]) == pytest.approx((0.1, 1, 1))
    high, (row,) = judge(table, by="bd_metric", bpp=[10**0.5, 10])
    assert (high["verdict"], row["difference"]) == ("fails", pytest.approx(-1.75, abs=1e-9))


def test_a_range_of_scores_for_the_rate():
    """At a PSNR of p, bad needs 10^((p - 30) / 10) bpp and good 10^((p - 32) / 5): from 25 to 28 dB, -1.05 in log10."""
    table = rows("good", line(2, slope=5)) + rows("bad", line())
    _, (row,) = judge(table, score=[27, 29])
    gap = np.mean([(p - 32) / 5 - (p - 30) / 10 for p in (27, 29)])
    assert row["difference"] == pytest.approx(100 * (10**gap - 1), abs=1e-9)
    assert (row["range_lo"], row["range_hi"]) == pytest.approx((27, 29))


def test_points_of_a_curve_of_three():
    """A BD figure needs 4 points; the mean gap at the shorter curve's own points needs one."""
    short = rows("bad", line(-1), rates=RATES[1:4])
    assert judge(rows("good", line()) + short)[0]["verdict"] == "not tested"
    verdict, (row,) = judge(rows("good", line()) + short, by="points")
    assert (verdict["verdict"], row["difference"]) == ("holds", pytest.approx(1, abs=1e-12))
    assert (row["range_lo"], row["range_hi"], row["share"]) == pytest.approx((RATES[1], RATES[3], 1))
    verdict, (row,) = judge(rows("good", line()) + short, by="points", better="bad", than="good")
    assert (verdict["verdict"], row["difference"]) == ("fails", pytest.approx(-1, abs=1e-12))
    far = rows("bad", line(-1), rates=np.array([2.0, 20, 200]))
    verdict, (row,) = judge(rows("good", line()) + far, by="points")
    assert verdict["verdict"] == "not tested" and "33% of the points of the shorter curve" in row["reason"]


def test_what_keeps_a_comparison_from_being_made_is_told():
    far = rows("good", line(), rates=RATES * 50)
    verdict, (row,) = judge(far + rows("bad", line()), by="bd_metric")
    assert verdict["verdict"] == "not tested" and "at least 50% is needed" in row["reason"]
    lost = rows("good", line(), reason="no plug-in")
    verdict, (row,) = judge(lost + rows("bad", line()))
    assert verdict["verdict"] == "not tested" and "skipped: no plug-in" in row["reason"]
    assert "skipped: no plug-in" in verdict["reason"]
    verdict, (row,) = judge(rows("good", line(1), images="a") + rows("bad", line(), images="a"))
    assert (verdict["verdict"], row["reason"]) == ("undecided", "no interval: one image")
    assert row["difference"] < 0


def test_fewer_than_eight_images_have_no_verdict():
    verdict, (row,) = judge(rows("good", line(1), "abcdefg") + rows("bad", line(), "abcdefg"))
    assert verdict["verdict"] == row["verdict"] == "undecided"
    assert row["reason"] == "7 images, a verdict needs 8" and row["difference"] < 0


def test_a_part_without_codecs_is_not_tested_and_the_claim_does_not_hold():
    parts = [
        {"better": "good", "than": "bad", "metrics": ["psnr_rgb"]},
        {"better": "*-mse", "than": "*-msssim", "metrics": ["psnr_rgb"]},
    ]
    (verdict,), _ = claim_verdicts.tables(rows("good", line(1)) + rows("bad", line()), plan(*parts))
    assert verdict["verdict"] == "undecided"
    assert verdict["reason"] == "part 2, psnr_rgb: not tested: the study has no such codecs"


def test_all_parts_must_hold_and_the_first_that_does_not_is_named():
    table = rows("good", line(1)) + rows("bad", line()) + rows("odd", line(2))
    parts = [{"better": "good", "than": name, "metrics": ["psnr_rgb"]} for name in ("bad", "odd")]
    (verdict,), comparisons = claim_verdicts.tables(table, plan(*parts))
    assert [row["verdict"] for row in comparisons] == ["holds", "fails"]
    assert verdict["verdict"] == "fails"
    assert verdict["reason"] == "part 2, psnr_rgb: fails: 1 of 1, first good against odd"
    assert (verdict["holds"], verdict["fails"], verdict["comparisons"]) == (1, 1, 2)


def test_weights_of_different_origin_have_verdicts_of_their_own():
    table = rows("good", line(1)) + rows("bad", line(2)) + rows("odd", line())
    compare = {"better": ["good", "odd"], "than": "bad", "metrics": ["psnr_rgb"]}
    kinds = {"good": "published", "odd": "bundled", "bad": ""}
    verdicts, _ = claim_verdicts.tables(table, plan(compare, weights=kinds))
    assert [(row["weights"], row["verdict"], row["comparisons"]) for row in verdicts] == [
        ("published", "fails", 1),
        ("bundled", "fails", 1),
    ]


def test_the_same_rows_give_the_same_tables():
    table = rows("good", lambda image, log: 30 + ord(image) % 3 + 10 * log) + rows("bad", line())
    assert judge(table) == judge(copy.deepcopy(table))


# ------------------------------------------------------------------------------------------------ logic

OUTCOMES = st.lists(st.sampled_from(claim_verdicts.VERDICTS), min_size=1, max_size=6)


@given(OUTCOMES, st.sampled_from(["all", "any", 0.25, 0.5, 0.75, 1.0]))
def test_need_is_met_only_if_nothing_open_could_change_it(verdicts, need):
    open_places = [index for index, verdict in enumerate(verdicts) if verdict in ("undecided", "not tested")]
    outcomes = set()
    for filled in itertools.product(("holds", "fails"), repeat=len(open_places)):
        full = dict(enumerate(verdicts)) | dict(zip(open_places, filled))
        share = sum(verdict == "holds" for verdict in full.values()) / len(full)
        outcomes.add(share == 1 if need == "all" else share > 0 if need == "any" else share >= need)
    verdict_of_all = claim_verdicts.need_met(verdicts, need)
    if outcomes == {True}:
        assert verdict_of_all == "holds"
    elif outcomes == {False}:
        assert verdict_of_all == "fails"
    else:
        assert verdict_of_all == ("not tested" if set(verdicts) == {"not tested"} else "undecided")


CODECS = ["jpeg", "tiny-hyper-mse", "tiny-fact-mse", "tiny-fact-msssim", "hyper-mse", "fact-mse"]


@pytest.mark.parametrize(
    ("better", "than", "expected"),
    [
        ("*hyper-*", "*fact-*", [("tiny-hyper-mse", "tiny-fact-mse"), ("hyper-mse", "fact-mse")]),
        ("*-hyper-*", "jpeg", [("tiny-hyper-mse", "jpeg")]),
        ("tiny-fact-*", "tiny-fact-mse", [("tiny-fact-msssim", "tiny-fact-mse")]),
        ("*-mse", "*-msssim", [("tiny-fact-mse", "tiny-fact-msssim")]),
        (["hyper-mse", "hyper-*"], ["jpeg"], [("hyper-mse", "jpeg")]),
    ],
)
def test_pairs(better, than, expected):
    assert claim_pairs.pairs(claim_pairs.patterns(better), claim_pairs.patterns(than), CODECS) == (expected, [])


SEEDED = [f"tiny-{kind}-{width}-seed{seed}" for kind in ("gdn", "relu") for width in (48, 80) for seed in (1, 2, 10)]


def test_seeds_are_trainings_of_one_codec():
    paired, why = claim_pairs.pairs(["*-gdn-*-seed{seed}"], ["*-relu-*-seed{seed}"], [*SEEDED, "tiny-gdn-48"])
    assert why == [] and paired == [
        (f"tiny-gdn-{width}-seed{{seed}}", f"tiny-relu-{width}-seed{{seed}}") for width in (48, 80)
    ]
    assert claim_pairs.seeds("tiny-gdn-48-seed{seed}", SEEDED) == {
        seed: f"tiny-gdn-48-seed{seed}" for seed in (1, 2, 10)
    }
    part = claim_pairs.Part("psnr_rgb", "points", trainings={"a-{seed}": ["a-1", "a-2"]})
    assert part.codecs(["a-{seed}", "jpeg"]) == [("a-1", "jpeg"), ("a-2", "jpeg")]
    assert part.codecs(["b", "jpeg"]) == [("b", "jpeg")]


def test_an_interval_over_trainings_holds_their_chance():
    gains = dict(zip((1, 2, 3), (0.0, 0.5, 1.0)))
    images = {image: 0.1 * number for number, image in enumerate("abcdefgh")}
    table = rows("bad", line())
    for seed, gain in gains.items():
        table += rows(f"good{seed}", lambda image, log, gain=gain: 30 + gain + images[image] + 10 * log)
    compare = {"better": "good{seed}", "than": "bad", "metrics": ["psnr_rgb"], "by": "points"}
    codecs = ["bad", *(f"good{seed}" for seed in gains)]
    made = planned([compare], codecs, "psnr_rgb", dict.fromkeys(codecs, ""), OPTIONS)
    (verdict,), (row,) = claim_verdicts.tables(table, made)
    assert (row["better"], row["n_seeds"], row["n_images"]) == ("good{seed}", 3, 8)
    assert row["difference"] == pytest.approx(0.85) and row["sd_seeds"] == pytest.approx(0.5)
    assert row["lo"] < 0 < row["hi"] and verdict["verdict"] == "undecided"
    single = planned([compare | {"better": "good2"}], codecs, "psnr_rgb", dict.fromkeys(codecs, ""), OPTIONS)
    (verdict,), (alone,) = claim_verdicts.tables(table, single)
    assert alone["lo"] > 0.5 and verdict["verdict"] == "holds" and "n_seeds" not in alone


@pytest.mark.parametrize("wide", ["good", "bad"])
def test_of_two_curves_with_as_many_points_that_inside_the_other_is_compared(wide):
    rates = {"good": RATES[1:3], "bad": RATES[1:3]} | {wide: RATES[[0, 4]]}
    table = rows("good", line(0.5), rates=rates["good"]) + rows("bad", line(), rates=rates["bad"])
    _, (row,) = judge(table, by="points")
    assert row["difference"] == pytest.approx(0.5) and row["share"] == 1
    assert [row["range_lo"], row["range_hi"]] == pytest.approx(RATES[1:3])


def test_a_training_without_a_figure_is_named():
    table = (
        rows("bad", line()) + rows("good1", line(1)) + rows("good2", line(1), rates=RATES[:1]) + rows("good3", line(1))
    )
    compare = {"better": "good{seed}", "than": "bad", "metrics": ["psnr_rgb"]}
    codecs = ["bad", "good1", "good2", "good3"]
    made = planned([compare], codecs, "psnr_rgb", dict.fromkeys(codecs, ""), OPTIONS)
    _, (row,) = claim_verdicts.tables(table, made)
    assert row["verdict"] == "not tested" and "good2 against bad" in row["reason"]


@pytest.mark.parametrize(
    ("codecs", "said"),
    [
        (["a1", "a2", "b1", "b2"], "a{seed} has the seeds 1, 2; a comparison over trainings needs 3"),
        (
            ["a1", "a2", "a3", "b1", "b2", "b4"],
            "both sides need the same seeds: a{seed} has the seeds 1, 2, 3, b{seed}",
        ),
    ],
)
def test_what_is_wrong_with_seeds_is_told(codecs, said):
    claim = typed.built(
        Claim, {"text": "c", "compare": [{"better": "a{seed}", "than": "b{seed}", "metrics": ["ssim"]}]}
    )
    assert any(said in problem for problem in claim_pairs.parts(claim, codecs, ["ssim"])[1])


def test_a_dot_in_a_pattern_is_a_dot():
    assert list(claim_pairs.matches("a.*", ["a.1", "ab1"])) == ["a.1"]


def test_weights_kinds():
    paths = {"models/a/1.safetensors": "bundled", "results/training/a/1.safetensors": "trained", "w.metagraph": "local"}
    for path, kind in paths.items():
        assert claim_pairs.weights_kind(Weights("f", path=path)) == kind
    assert claim_pairs.weights_kind(Weights("f", url="https://example.org/f")) == "published"
    assert claim_pairs.weights_kind(None) == ""


# ------------------------------------------------------------------------------------------------ configs


def config_with(**claim) -> dict:
    own = {"text": "WebP is better.", "compare": [{"better": "webp", "than": "jpeg", "metrics": ["psnr_rgb"]}]}
    own["compare"][0] |= claim
    made = copy.deepcopy(TINY) | {"images": ["photos"], "claims": {"test": ["mine"]}}
    made["define"] = {"claims": {"mine": own}}
    return made


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ({"better": "webq"}, ["claim mine", "compare.0.better", "no codec of the study is 'webq'", "mean 'webp'"]),
        ({"better": "avif"}, ["no codec of the study is 'avif'"]),
        ({"than": "tiny-*"}, ["compare.0.than", "no codec of the study is 'tiny-*'"]),
        ({"bpp": [0.1, 1]}, ["compare.0.bpp", "by bd_rate takes a range of `score`"]),
        ({"by": "bd_metric", "bpp": [1, 0.1]}, ["compare.0.bpp: found [1, 0.1]", "the smaller first"]),
        ({"need": "most"}, ["compare.0.need: found 'most'", "all, any, or a share"]),
        ({"need": 2}, ["compare.0.need: found 2"]),
        ({"metrics": ["psnr"]}, ["metric 'psnr' is unknown"]),
        ({"better": "w*p", "than": "*p*"}, ["the same number of stars"]),
        ({"by": "bd"}, ["by: found 'bd'", "bd_rate"]),
        ({"better": "tiny{seed}-{seed}"}, ["compare.0: 'tiny{seed}-{seed}' has {seed} more than once"]),
    ],
)
def test_a_slip_in_a_claim_is_told(claim, said):
    with pytest.raises(StudyError) as caught:
        config.checked(config_with(**claim), "tiny.yaml")
    message = str(caught.value)
    assert message.startswith("1 problem") and all(text in message for text in said), message


def test_a_claim_about_a_metric_that_the_study_lacks_is_refused():
    made = config_with(metrics=["vifp_sewar"]) | {"metrics": ["psnr_rgb"], "figures": {"panels": ["psnr_rgb"]}}
    with pytest.raises(StudyError, match="'vifp_sewar' is not among the study's metrics"):
        config.checked(made)


def test_an_unknown_claim_is_told():
    made = config_with() | {"claims": {"test": ["report2012-*", "mime"]}}
    with pytest.raises(StudyError) as caught:
        config.checked(made)
    assert "no claim is 'report2012-*'" in str(caught.value) and "did you mean 'mine'" in str(caught.value)


def test_claims_of_the_catalogue_that_a_study_can_not_test_say_why():
    made = config_with() | {"claims": {"test": ["report2021-*", "mine"]}}
    made = payloads.claims(Plan(config.checked(made)))
    problems = {claim.claim: claim.problems for claim in made.claims}
    assert problems["mine"] == []
    assert problems["report2021-5"][-1] == "no codec of the study is 'tfci-hific' or 'tiny-hific'"
    assert "the metric 'dists' is not among the study's metrics" in problems["report2021-5-perceptual"]
    assert len(problems) == 13


@pytest.mark.parametrize("name", ["config.yaml", "studies/kodak.yaml", "studies/epfl2021.yaml"])
def test_the_studies_test_the_six_findings(name):
    made = payloads.claims(Plan(config.checked(readers.read_yaml(ROOT / name))))
    findings = [*(f"report2021-{number}" for number in range(1, 7)), "report2021-5-perceptual"]
    of_edits = {f"report2021-edits-{measure}" for measure in ("rate", "psnr", "msssim")}
    of_codecs = {*findings, "report2021-2-sewar", "report2021-3-sewar"}
    assert {claim.claim for claim in made.claims} == of_codecs | of_edits
    testable = {claim.claim for claim in made.claims if claim.parts and not claim.problems}
    if name == "studies/epfl2021.yaml":
        assert len(testable) == 8
        assert set(made.weights.values()) == {"", "published"}
    else:
        assert {"report2021-3", "report2021-6"} <= testable
        assert set(made.weights.values()) == {"", "bundled"}


def test_finding_5_is_tested_on_bundled_weights():
    """At the report's four metrics and at the perceptual ones, by a study of its own."""
    made = payloads.claims(Plan(config.checked(readers.read_yaml(ROOT / "studies/hific.yaml"))))
    assert [claim.claim for claim in made.claims] == ["report2021-5", "report2021-5-perceptual"]
    assert all(claim.parts and not claim.problems for claim in made.claims)
    assert set(made.weights.values()) == {"bundled"}


# ------------------------------------------------------------------------------------------------ in the workflow


@pytest.mark.study
def test_a_study_tests_a_claim_of_its_own(study: Study) -> None:
    study.config["define"]["claims"] = {
        "webp-is-better": {
            "text": "WebP needs less rate than JPEG.",
            "compare": [{"better": "webp", "than": "jpeg", "metrics": ["psnr_rgb"]}],
        }
    }
    study.config["claims"] = {"test": ["webp-*", "report2021-4"]}
    done = study.run()
    assert done.status == 0, done.output
    folder = study.folder / "results/studies/tiny"
    own, other = readers.read_rows(folder / "claims.csv")
    (row,) = readers.read_rows(folder / "claims_comparisons.csv")
    bd = [
        row
        for row in readers.read_rows(folder / "bd.csv")
        if (row["over"], row["method"]) == ("mean of images", "pchip")
    ]
    assert float(row["difference"]) == pytest.approx(float(bd[0]["bd_rate"]), abs=1e-9)
    assert own["verdict"] == row["verdict"] and own["text"] == "WebP needs less rate than JPEG."
    assert (other["verdict"], other["reason"][:11]) == ("not tested", "no codec of")
    assert study.plan() == {}
    study.config["define"]["claims"]["webp-is-better"]["text"] = "WebP is better."
    assert {"claims", "check_cells"} <= set(study.plan()) <= {"claims", "check_cells", "page", "provenance"}


@pytest.mark.parametrize("by", ["bd_rate", "bd_metric", "points"])
def test_a_metric_of_which_less_is_better_has_the_same_verdict(monkeypatch, by):
    """`distance` is 60 minus PSNR: the same curves upside down, in a range that is turned too."""
    entry = dataclasses.replace(registry.REGISTRY["psnr_rgb"], name="distance", higher_is_better=False)
    monkeypatch.setitem(registry.REGISTRY, "distance", entry)
    table = [
        row | {"distance": str(60 - float(row["psnr_rgb"]))}
        for row in rows("good", lambda image, log: 31 + 0.1 * ord(image) % 0.7 + 10 * log) + rows("bad", line())
    ]
    ranges = {"psnr_rgb": {"score": [25, 35]}, "distance": {"score": [25, 35]}} if by == "bd_rate" else {}
    verdicts = []
    for metric in ("psnr_rgb", "distance"):
        compare = {"better": "good", "than": "bad", "metrics": [metric], "by": by, "margin": 0.5} | ranges.get(
            metric, {}
        )
        chosen = planned([compare], ["good", "bad"], metric, {"good": "", "bad": ""}, OPTIONS)
        verdicts.append(claim_verdicts.tables(table, chosen)[1][0])
    more, less = verdicts
    assert more["verdict"] == less["verdict"] == "holds"
    assert more["agree"] == less["agree"] == 8
    towards = 1 if by == "bd_rate" else -1
    assert less["difference"] == pytest.approx(towards * more["difference"], rel=1e-9)
    ends = sorted(towards * more[end] for end in ("lo", "hi"))
    assert [less["lo"], less["hi"]] == pytest.approx(ends, rel=1e-9)
