"""The columns of the tables of a study."""

from __future__ import annotations

from collections.abc import Sequence

KEY = ("image_set", "image", "codec", "quality")
RATES = ("bpp", "payload_bpp")
COSTS = ("encode_s", "decode_s", "peak_rss")
OUTCOME = ("status", "reason", "note", "gaps")
SEARCHED = ("parameter", "reached", "encodes")  # what was found for a target; empty for a quality
EDIT_RATES = ("bpp", "payload_bpp", "bpp_y", "bpp_z")
TIMING_STAGES = ("encode", "decode")
TIMES = ("s", "s_lo", "s_hi", "cpu_s")  # of each stage, in seconds
TIMING = ("image", "width", "height", "repeats", *(f"{stage}_{time}" for stage in TIMING_STAGES for time in TIMES))
TIMING += ("machine", "versions", "status", "reason", "note")


def figures(metrics: Sequence[str]) -> list[str]:
    """The columns that hold results: rates, metrics, costs. An empty one has a reason."""
    return [*RATES, *metrics, *COSTS]


def rd_columns(metrics: Sequence[str]) -> list[str]:
    """The columns of rd.csv: key, sizes, rates, metrics, costs, what a search found, settings, versions, outcome."""
    return [*KEY, "width", "height", "bytes", *figures(metrics), *SEARCHED, "settings", "versions", *OUTCOME]
