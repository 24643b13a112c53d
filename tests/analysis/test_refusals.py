"""Refusals of BD figures: their words, their way through a table, and the words that several share."""

from study.analysis import refusals
from study.analysis.refusals import Refusal

FEW = Refusal("points", codec="webp", count=2, limit=4, cause="skipped: no plug-in")
WORSE = Refusal("worse", codec="avif", count=3, total=7, limit=0.2)
LITTLE = Refusal("overlap", count=0.091, limit=0.5, over="ssim")


def test_words():
    assert refusals.text([FEW]) == "webp: 2 usable points, at least 4 are needed (skipped: no plug-in)"
    assert refusals.text([WORSE]) == "avif: 3 of 7 points cost more and score no better, at most 20% may"
    little = "the curves overlap in 9.1% of the narrower one's range of ssim, at least 50.0% is needed"
    assert refusals.text([LITTLE]) == little
    images = Refusal("images", count=1, total=3, first="b", inner=(LITTLE,))
    assert refusals.text([images, images]) == f"1 of 3 images are refused, first b ({little})"


def test_a_table_gives_back_what_was_put_into_it():
    images = Refusal("images", count=1, total=3, first="b", inner=(FEW, LITTLE))
    cell = refusals.as_json({"bd_rate": (FEW, WORSE), "bd_metric": (images,)})
    assert refusals.from_json(cell, "bd_rate") == (FEW, WORSE)
    assert refusals.from_json(cell, "bd_metric") == (images,)
    assert refusals.as_json({"bd_rate": ()}) == ""
    assert refusals.from_json("", "bd_rate") == ()


def test_reasons_that_differ_in_numbers_and_names_are_told_together():
    def images(count, first, share, over):
        inner = Refusal("overlap", count=share, limit=0.5, over=over)
        return (Refusal("images", count=count, total=3, first=first, inner=(inner,)),)

    one, other, third = images(1, "b", 0.091, "ssim"), images(3, "a", 0.281, "ssim"), (FEW,)
    together = (
        "1 to 3 of 3 images are refused, first b or a (the curves overlap in 9.1 to 28.1% of the narrower one's range "
        "of ssim, at least 50.0% is needed)"
    )
    assert refusals.shared([one, other, third]) == {one: together, other: together, third: refusals.text(third)}
