"""What the page's sections say: best codec, claims, latents, trust."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import page_answers
import pages
from study.analysis import bd_table, claim_edits, claim_verdicts, head_to_head
from study.figures import palette
from study.page import best, build, claims, forest, latents, trust

KNOWN = palette.styles([{"codec": name, "label": label, "family": family} for name, label, family in pages.CODECS])


def test_an_axis_of_rates_treats_half_and_twice_alike() -> None:
    axis = forest.axis([-50, 100, None], ratio=True)
    assert axis.at(0) == pytest.approx(50, abs=0.01)
    assert axis.at(-50) == pytest.approx(100 - axis.at(100), abs=0.02)
    assert axis.at(-500) == 0 and axis.at(1e9) == 100
    places = [position for position, _ in axis.ticks]
    assert [label for _, label in axis.ticks] == ["−50", "0", "+100"] or len(places) > 3
    assert all(b - a >= forest.APART for a, b in itertools.pairwise(places))


def test_a_linear_axis_has_round_ticks_and_holds_every_value() -> None:
    axis = forest.axis([0.013, -0.004])
    assert 0 < axis.at(-0.004) < axis.at(0) < axis.at(0.013) < 100
    assert ("0", axis.at(0)) in [(label, position) for position, label in axis.ticks]
    assert forest.axis([]).at(0) == 50
    assert [forest.digits_of([value]) for value in (312.0, 3.1, 0.013, 0.0, None)] == [0, 2, 4, 1, 2]


def test_codecs_are_ranked_with_the_anchor_at_zero() -> None:
    (one,) = best.rankings(page_answers.text(page_answers.bd_rows(), bd_table.COLUMNS), KNOWN)
    assert [line.label for line in one.lines] == ["WebP", "JPEG", pages.HOSTILE]
    webp, jpeg, mine = one.lines
    assert webp.mark.text == "−25.0 % [−40.0, −10.0]" and webp.saved == "2 of 2" and webp.covered == "25.50 to 38.25"
    assert webp.mark.low < webp.mark.at < webp.mark.high < jpeg.mark.at == one.axis.at(0)
    assert mine.mark is None and mine.reason == "too few"
    assert one.verdict == (
        "WebP has the lowest BD-rate at PSNR (RGB): −25.0 % (interval −40.0 to −10.0) against JPEG. "
        "The interval of 1 of 2 codecs is wholly below 0."
    )
    assert best.rankings([], KNOWN) == []


def test_the_matrix_counts_wins_and_tells_what_is_undecided() -> None:
    (one,) = best.matrices(page_answers.text(page_answers.head_rows(), head_to_head.COLUMNS), KNOWN, "jpeg")
    assert one.labels == ["WebP", "JPEG", pages.HOSTILE]
    assert [(label, wins) for label, wins, _ in one.rows] == [
        ("WebP", "1 of 2"), ("JPEG", "0 of 2"), (pages.HOSTILE, "0 of 2"),
    ]  # fmt: skip
    won, lost = one.rows[0][2][1], one.rows[1][2][0]
    assert (won.text, won.kind, won.undecided) == ("−25", "less", False)
    assert (lost.text, lost.kind, lost.undecided) == ("+33", "more", True)
    assert [cell.text for cell in one.rows[2][2]] == ["×", "×", ""]


def cards() -> list[claims.Card]:
    tables = (
        (page_answers.claim_rows(), claim_verdicts.CLAIM_COLUMNS),
        (page_answers.comparison_rows(), claim_verdicts.COMPARISON_COLUMNS),
        (page_answers.change_rows(), claim_edits.COLUMNS),
    )
    return claims.cards(*(page_answers.text(*table) for table in tables), KNOWN)


def test_a_card_has_the_pairs_of_its_claim_and_tells_why() -> None:
    one, two = cards()
    assert (one.verdict, two.verdict) == ("undecided", "holds")
    assert claims.counted([one, two]) == [("holds", 1), ("undecided", 1)]
    (verdict,) = one.verdicts
    assert verdict.reasons == [
        "PSNR (RGB), against JPEG: the only comparison holds.",
        "PSNR (RGB), against JPEG: all 2 comparisons are undecided (p from 0.2 to 0.4 after Holm's correction).",
    ]
    rate, gain = verdict.parts
    assert (rate.title, rate.side, gain.side) == ("BD-rate at PSNR (RGB) in %, against JPEG", "left", "right")
    assert rate.pairs[0].mark.at < rate.margin == rate.axis.at(0)
    assert [pair.name for pair in gain.pairs] == ["WebP", pages.HOSTILE]
    report, study = two.verdicts
    assert report.about == "in the report's own table" and report.parts[0].pairs[0].mark.text == "−0.156"
    assert study.reasons == ["no experiment"] and study.parts == []


def test_claims_that_are_not_tested_stand_last() -> None:
    row = page_answers.claim_rows()[0]
    verdicts = {"first": "not tested", "second": "holds", "third": "not tested", "fourth": "fails"}
    rows = page_answers.text([row | {"claim": claim, "verdict": own} for claim, own in verdicts.items()],
                             claim_verdicts.CLAIM_COLUMNS)  # fmt: skip
    assert [card.claim for card in claims.cards(rows, [], [], KNOWN)] == ["second", "fourth", "first", "third"]


def test_long_parts_keep_most_comparisons_behind_a_click() -> None:
    row = page_answers.comparison_rows()[1]
    many = [row | {"better": "webp", "than": "jpeg", "difference": n} for n in range(claims.SHOWN + 3)]
    texts = (page_answers.text([page_answers.claim_rows()[0]], claim_verdicts.CLAIM_COLUMNS),
             page_answers.text(many, claim_verdicts.COMPARISON_COLUMNS))  # fmt: skip
    (part,) = claims.cards(*texts, [], KNOWN)[0].verdicts[0].parts
    assert (len(part.pairs), len(part.more)) == (claims.SHOWN, 3)
    assert part.pairs[0].mark.at > part.more[-1].mark.at


def test_the_mean_of_trainings_is_named_by_what_their_labels_share() -> None:
    row = page_answers.comparison_rows()[0] | {"better": "gdn-seed{seed}", "n_seeds": 3}
    texts = (page_answers.text([page_answers.claim_rows()[0]], claim_verdicts.CLAIM_COLUMNS),
             page_answers.text([row], claim_verdicts.COMPARISON_COLUMNS))  # fmt: skip
    looks = {f"gdn-seed{seed}": replace(KNOWN["webp"], label=f"GDN, seed {seed}") for seed in (1, 2, 3)}
    (part,) = claims.cards(*texts, [], KNOWN | looks)[0].verdicts[0].parts
    assert [pair.name for pair in part.pairs] == ["GDN"]
    assert part.title == "BD-rate at PSNR (RGB) in %, means of 3 trainings, against JPEG"


def test_edits_have_their_numbers_and_channels_their_bits() -> None:
    tables = {"edits": page_answers.edit_rows(), "channels": page_answers.channel_rows()}
    rows = {name: page_answers.text(table, list(table[0])) for name, table in tables.items()}
    (view,) = latents.views(rows, KNOWN, lambda name: name and f"beside/{name}")
    assert view["names"] == ["bpp", "PSNR"] and view["about"] == "PSNR (RGB)"
    assert view["baseline"]["values"] == [0.5, 30] and view["channels"] == [[0, 0.75], [1, 0.25]]
    assert [edit["label"] for edit in view["edits"]] == ["rows half", "x100", "channel 0", "channel 1"]
    assert [edit.get("channel") for edit in view["edits"]] == [None, None, 0, 1]
    assert view["edits"][1] == {
        "label": "x100", "image": "", "values": [None, None], "why": "refused: beyond the coder's range",
    }  # fmt: skip
    assert view["edits"][0]["image"] == "beside/decoded/set/jpeg/10/first.png"
    assert latents.views({"edits": []}, KNOWN, str) == []


def test_statements_tell_what_was_checked_and_what_was_not() -> None:
    provenance = {"records": [{"records": 9, "made": 2}]}
    cell = {"status": "ok", "reason": "", "gaps": ""}
    bare = trust.statements({"rd": [cell, cell]}, provenance, 3)
    assert [one.kind for one in bare] == ["yes", "not tested", "not tested", "not tested", "yes"]
    clock = {"image_set": "s", "image": "a", "rounds": "3", "repeats": "5", "machine": "M"}
    whole = trust.statements(
        {
            "rd": [cell, {"status": "failed", "reason": "x", "gaps": ""}],
            "published_check": [{"codec": "jpeg", "verdict": "within"}, {"codec": "webp", "verdict": "beyond"}],
            "audit": [{"codec": "jpeg", "cells": "4", "encode_again": "no", "reason": ""}],
            "timing": [clock],
        },
        provenance,
        3,
    )
    assert [one.kind for one in whole] == ["undecided", "no", "no", "yes", "yes"]
    texts = [one.text for one in whole]
    assert "1 of 2 cells" in texts[0] and "beyond it: webp 1" in texts[1] and "differ for jpeg" in texts[2]
    assert "5 calls on one core of M, nothing beside; 1 image." in texts[3] and "9 records, 2 of them" in texts[4]


def test_the_page_has_the_sections_and_escapes_what_it_shows(tmp_path: Path) -> None:
    plan = page_answers.add(tmp_path, pages.make(tmp_path))
    page = tmp_path / "results/studies/made/index.html"
    build.build(plan, tmp_path / "results", page)
    text = page.read_text(encoding="utf-8")
    for section in ("best", "images", "claims", "latents", "trust"):
        assert f'<section id="{section}"' in text and f'href="#{section}"' in text
    assert pages.HOSTILE not in text and page_answers.CLAIM in text
    (views,) = json.loads(re.search(r'id="latent-data">(.+?)</script>', text).group(1))
    shown = page.parent / views[0]["edits"][0]["image"]
    assert shown.samefile(tmp_path / "results/decoded/set/jpeg/10/first.png")
