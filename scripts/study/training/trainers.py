"""Which module trains for a metric."""

from __future__ import annotations

from types import ModuleType

from study.training import loop


def of_metric(metric: str) -> ModuleType:
    """The module whose `train` and `LOG` are those of a metric; that of perceptual is loaded only if asked for."""
    if metric != "perceptual":
        return loop
    from study.training import generative

    return generative
