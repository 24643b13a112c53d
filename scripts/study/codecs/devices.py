"""Where the networks of a codec run: its setting `device`."""

from __future__ import annotations

from study.core.errors import StudyError, allowed

DEVICES = ("cpu", "cuda")


def check(codec: str, device: object) -> None:
    """Raise StudyError for a device that no codec has."""
    if device not in DEVICES:
        raise StudyError(f"codec {codec}: device is {device!r}; {allowed(device, DEVICES)}")


def missing(device: str) -> str | None:
    """Why a device can't be used here, or None."""
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            return "device is cuda, and PyTorch finds no GPU here; use device: cpu"
    return None
