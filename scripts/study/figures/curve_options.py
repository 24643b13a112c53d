"""How rate-distortion figures are drawn: what a study says of it, and what the commands that draw are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from study.metrics import registry as metrics

RATE_AXES = ("linear", "log")
SSIM_SCALES = ("linear", "db")
PANELS = ("psnr_rgb", "ssim_sewar", "msssim_sewar", "vifp_sewar")


@dataclass(frozen=True)
class Options:
    """How to draw: the panels' metrics, the rate axis and its end in bpp (None: from the data), the scale of SSIM."""

    panels: Sequence[str] = field(default_factory=lambda: list(PANELS))
    rate_axis: str = "linear"
    max_bpp: float | None = None
    ssim_scale: str = "linear"

    def scale(self, metric: str) -> str:
        """The scale of a metric's axis: `db` if asked for, for those that are compared in it, else `linear`."""
        return self.ssim_scale if metrics.entry(metric).scale == "db" else "linear"
