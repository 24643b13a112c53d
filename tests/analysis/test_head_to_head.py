"""Head to head: pairs on their own overlap, and the pairs that an anchor ranks the other way round."""

from __future__ import annotations

import numpy as np
import pytest

from study.analysis import bd, bd_table, head_to_head

RATES = 10 ** np.linspace(-1, 1, 9)


def rows(codec: str, score, images: str = "abcdefgh", rates=RATES) -> list[dict]:
    return [
        {
            "image_set": "photos", "image": image, "codec": codec, "quality": str(number), "bpp": rate,
            "psnr_rgb": score(image, np.log10(rate)), "status": "ok", "reason": "", "gaps": "",
        }
        for image in images
        for number, rate in enumerate(rates)
    ]  # fmt: skip


def line(offset: float = 0.0, slope: float = 10.0):
    return lambda image, log: 30 + offset + 0.1 * (ord(image) % 3) * offset + slope * log


def table(*parts: list[dict], least: float = 0.5) -> dict[tuple[str, str], dict]:
    compared = head_to_head.table([row for part in parts for row in part], ["psnr_rgb"], least)
    return {(row["codec"], row["anchor"]): row for row in compared}


def test_a_pair_is_what_the_table_against_an_anchor_says() -> None:
    data = rows("good", line(1)) + rows("bad", line())
    pair = table(data)["good", "bad"]
    (mean,) = (
        row
        for row in bd_table.table(data, bd_table.Options(["bad"], ["psnr_rgb"], methods=[bd.METHOD]))
        if row["over"] == bd.OVER
    )
    for column in ("bd_rate", "bd_rate_lo", "bd_rate_hi", "overlap_lo", "overlap_hi"):
        assert pair[column] == pytest.approx(mean[column], rel=1e-9)
    assert pair["agree"] == 8 and pair["status"] == "ok"


def test_the_other_order_of_a_pair_is_the_reciprocal_on_one_image() -> None:
    pairs = table(rows("good", line(1), "a"), rows("bad", line(), "a"))
    there, back = (1 + pairs[key]["bd_rate"] / 100 for key in (("good", "bad"), ("bad", "good")))
    assert there * back == pytest.approx(1, rel=1e-9)
    assert "bd_rate_lo" not in pairs["good", "bad"]


def test_a_metric_of_which_less_is_better_has_the_same_figures() -> None:
    """The synthetic curves as a metric that falls: the same BD-rates, and ends of the range in its own unit."""
    data = rows("good", line(1)) + rows("bad", line())
    more = table(data)["good", "bad"]
    turned = [row | {"gmsd": 60 - row["psnr_rgb"]} for row in data]
    (less,) = (row for row in head_to_head.table(turned, ["gmsd"], 0.5) if row["codec"] == "good")
    for column in ("bd_rate", "bd_rate_lo", "bd_rate_hi"):
        assert less[column] == pytest.approx(more[column], rel=1e-9)
    assert (less["overlap_lo"], less["overlap_hi"]) == pytest.approx((60 - more["overlap_hi"], 60 - more["overlap_lo"]))
    assert less["agree"] == more["agree"] == 8


def test_too_little_overlap_is_refused_and_counted() -> None:
    pair = table(rows("near", line()), rows("far", line(), rates=RATES * 60))["near", "far"]
    assert (pair["status"], pair["refused_images"]) == ("refused", 8) and "bd_rate" not in pair


def test_pairs_that_the_anchor_turns_round_are_found() -> None:
    """Steep beats flat above 33.6 dB, where the anchor's curve lies; over the range of both flat needs less rate."""
    anchor = rows("anchor", lambda image, log: 35 + 10 * log, rates=RATES[4:])
    steep = rows("steep", lambda image, log: 28 + 14 * log)
    flat = rows("flat", lambda image, log: 30 + 9 * log)
    compared = head_to_head.table(anchor + steep + flat, ["psnr_rgb"], 0.3)
    rate = {(row["codec"], row["anchor"]): row.get("bd_rate") for row in compared}
    assert rate["steep", "anchor"] < rate["flat", "anchor"] and rate["flat", "steep"] < 0
    written = [{column: row.get(column, "") for column in head_to_head.COLUMNS} for row in compared]
    assert head_to_head.reversed_pairs(written, "anchor") == {("steep", "flat"), ("flat", "steep")}
