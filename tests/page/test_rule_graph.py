"""The drawing of the workflow's graph."""

from __future__ import annotations

from study.page import rule_graph


def test_drawing_of_a_graph_puts_users_below_and_leaves_implied_arrows_out() -> None:
    drawn = rule_graph.drawing([["a", "b"], ["b", "c"], ["a", "c"], ["d", "c"]], {"b": 7})
    heights = {box["name"]: box["y"] for box in drawn["boxes"]}
    assert heights["a"] < heights["b"] < heights["c"] and heights["d"] == heights["b"]
    assert len(drawn["lines"]) == 3
    assert {box["name"]: box["count"] for box in drawn["boxes"]}["b"] == 7
    places = [(box["x"], box["y"]) for box in drawn["boxes"]]
    assert len(set(places)) == 4 and max(x for x, _ in places) + drawn["box_width"] <= drawn["width"]
