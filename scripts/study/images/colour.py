"""What a source says of its colours, which the study does not apply: notes for the user where they aren't sRGB's."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from study.images.damage import chunks

_NEAR = 3  # of 255: so near is a profile that rounds sRGB's curve and primaries otherwise
_SRGB_GAMMA = 1 / 2.2
_TRANSFERS = {8: "linear", 16: "PQ (SMPTE ST 2084)", 18: "HLG"}  # of cICP, ITU-T H.273
_AS_SRGB = "it is dropped and the samples are taken as sRGB"


def notes(info: Mapping[Any, Any], mode: str, data: bytes) -> list[str]:
    """What to tell of an image's ICC profile, and of a PNG's cICP and gAMA; `info` is Pillow's, `mode` as decoded."""
    sentences = []
    if profile := info.get("icc_profile"):
        sentences += _of_profile(profile, "L" if mode in ("1", "L", "LA") else "RGB")
    if data.startswith(b"\x89PNG"):
        by_name = dict(chunks(data))
        if (cicp := by_name.get(b"cICP", b"")[:2]) and len(cicp) == 2 and cicp[1] not in (1, 6, 13, 14, 15):
            curve = _TRANSFERS.get(cicp[1], f"number {cicp[1]} of H.273")
            sentences.append(f"its cICP says that its transfer function is {curve}; {_AS_SRGB}")
        gamma = info.get("gamma")
        if gamma and not {b"sRGB", b"iCCP", b"cICP"} & by_name.keys() and abs(gamma - _SRGB_GAMMA) > 0.05:
            linear = ", which is linear light" if abs(gamma - 1) < 0.05 else ""
            sentences.append(f"its gAMA says {gamma:.3g}{linear}; {_AS_SRGB}")
    return sentences


def _of_profile(profile: bytes, mode: str) -> list[str]:
    """A note if a profile maps colours elsewhere than sRGB does, whatever it calls itself."""
    try:
        distance, name = _distance(profile, mode)
    except Exception as error:  # LittleCMS has its own kinds
        return [f"its ICC profile can't be read ({str(error)[:100] or type(error).__name__}); {_AS_SRGB}"]
    if distance <= _NEAR:
        return []
    return [f"its ICC profile {name!r} isn't sRGB's (colours differ by up to {distance} of 255); {_AS_SRGB}"]


def _distance(profile: bytes, mode: str) -> tuple[int, str]:
    """How far sRGB's samples move if they are taken as the profile's, at most, and the profile's name."""
    from PIL import ImageCms

    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3) if mode == "RGB" else steps[None]
    turned = ImageCms.profileToProfile(
        Image.fromarray(np.ascontiguousarray(grid)), opened, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    wanted = grid if mode == "RGB" else np.repeat(grid[..., None], 3, axis=-1)
    name = " ".join(ImageCms.getProfileDescription(opened).split())[:80]
    return int(np.abs(np.asarray(turned).astype(int) - wanted).max()), name
