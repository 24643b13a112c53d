"""Targets in a study: what is told of wrong ones, their cells, and what a changed one reruns."""

from __future__ import annotations

import copy

import pytest

from study.core.errors import StudyError
from study.planning import config, payloads
from study.planning.cells import Plan

STUDY = {
    "study": "targets",
    "images": ["kodak"],
    "codecs": {
        "jpeg": {"target": {"metric": "psnr_rgb", "values": [30, 35.5]}},
        "webp": {"target": {"metric": "gmsd", "values": [0.05], "tolerance": 0.01}},
        "avif": [50],
    },
    "timing": {},
}


def changed(codec: str, **keys: object) -> dict:
    study = copy.deepcopy(STUDY)
    study["codecs"].setdefault(codec, {"target": {"metric": "psnr_rgb", "values": [30]}})["target"].update(keys)
    return study


def test_cells_and_scripts():
    plan = Plan(config.checked(STUDY))
    assert plan.qualities == {"jpeg": ["psnr_rgb=30", "psnr_rgb=35.5"], "webp": ["gmsd=0.05+-0.01"], "avif": [50]}
    assert [cell.quality for cell in plan.cells()] == ["psnr_rgb=30", "psnr_rgb=35.5", "gmsd=0.05+-0.01", "50"]
    assert plan.encoder("psnr_rgb=30") == "encode_target.py" and plan.encoder("50") == "encode.py"
    assert plan.spec("jpeg", "psnr_rgb=30") == {**plan.spec("jpeg", "50"), "range": [1, 95], "step": 1}
    assert "--less-is-better" in plan.target_options("gmsd=0.05+-0.01")
    assert "--less-is-better" not in plan.target_options("psnr_rgb=30") and plan.target_options("bpp=1") == []
    assert [(cell["codec"], len(cell["records"])) for cell in payloads.timing(plan)["cells"]] == [("avif", 3)]
    for script in ("encode_target.py", "decode.py"):
        assert len({plan.code(script, "jpeg", quality) for quality in ("psnr_rgb=30", "psnr_rgb=35.5")}) == 1
    other = Plan(config.checked(changed("jpeg", metric="gmsd", values=[0.05])))
    assert other.code("encode_target.py", "jpeg", "gmsd=0.05") != plan.code("encode_target.py", "jpeg", "psnr_rgb=30")
    assert other.code("decode.py", "jpeg", "gmsd=0.05") == plan.code("decode.py", "jpeg", "psnr_rgb=30")
    assert plan.generation("none.csv", "jpeg", "psnr_rgb=30") == 0


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (changed("jpeg", metric="psnr"), r"codecs.jpeg.target.metric: 'psnr' is unknown; did you mean 'xpsnr'"),
        (changed("jpeg", values=[]), r"codecs.jpeg.target.values: found \[\]; allowed: at least 1 item"),
        (changed("jpeg", values=["30"]), r"codecs.jpeg.target.values.0: found '30'; allowed: a number"),
        (changed("jpeg", values=[float("nan")]), r"codecs.jpeg.target.values: found nan; allowed: a finite number"),
        (changed("jpeg", metric="bpp", values=[0]), r"codecs.jpeg.target.values: found 0; allowed: more than 0"),
        (changed("jpeg", tolerance=0), r"codecs.jpeg.target.tolerance: found 0; allowed: more than 0"),
        (changed("jpeg", tolerence=1), r"codecs.jpeg.target.tolerence: this key is unknown; did you mean 'tolerance'"),
        (changed("tiny-b2018-gdn-48"), r"codecs.tiny-b2018-gdn-48.target: this codec declares no range"),
        ({**STUDY, "codecs": {"jpeg": {}}}, r"codecs.jpeg: the key 'target' is missing; it is required"),
        ({**STUDY, "codecs": {"jpeg": 35}}, r"codecs.jpeg: found 35; allowed: `all`, a list .* or \{target:"),
        ({**STUDY, "codecs": {"jpeg": STUDY["codecs"]["jpeg"]}}, "timing: every codec of this study has a target"),
        ({**STUDY, "codecs": {"avif": [50], "jepg": STUDY["codecs"]["jpeg"]}}, "jepg: this codec is unknown"),
    ],
)  # fmt: skip
def test_wrong_targets_are_told(study, message):
    with pytest.raises(StudyError, match=message) as caught:
        config.checked(study)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"range": [50, 50]}, r"range is \[50, 50\]; allowed: two different numbers"),
        ({"range": [1, 2000]}, "quality 2000"),
        ({"range": [1]}, "allowed: at least 2 item"),
        ({"step": 0}, "allowed: more than 0"),
    ],
)
def test_wrong_ranges_are_told(keys, message):
    entry = {"backend": "jpeg", "label": "J", "family": "J", "parameter": "q", "qualities": [50], "range": [1, 95]}
    codecs = {"mine": {"target": {"metric": "bpp", "values": [1]}}}
    with pytest.raises(StudyError, match=message):
        config.checked({**STUDY, "codecs": codecs, "define": {"codecs": {"mine": {**entry, **keys}}}})


def test_every_declared_range_holds():
    """A codec of the catalogue can be loaded at both ends of its range, and its qualities lie within."""
    from study.planning import entries, target_problems

    for name, entry in entries.codecs().items():
        if entry.range is not None:
            values = entries.TargetValues("bpp", [1])
            assert not list(target_problems.problems(name, values, entry)), name
            low, high = sorted(entry.range)
            assert all(low <= quality <= high for quality in entry.qualities), name
            rising = entry.range[0] < entry.range[1]
            assert (entry.qualities[0] < entry.qualities[-1]) == rising, name
