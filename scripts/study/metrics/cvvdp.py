"""ColorVideoVDP 0.5.7 by its authors' package, for one display in each metric.

R. K. Mantiuk, P. Hanji, M. Ashraf, Y. Asano, A. Chapiro, "ColorVideoVDP: a visual difference predictor for image, video
and display distortions", ACM Trans. Graphics 43 (2024). A value means nothing without the display that it was computed
for, so the display is a part of the metric's name. The package (MIT) is installed by `make cvvdp`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Collection
from functools import cache
from typing import Any

import numpy as np

PACKAGE, VERSION = "cvvdp", "0.5.7"
DISPLAYS = {"cvvdp_4k": "standard_4k", "cvvdp_fhd": "standard_fhd", "cvvdp_phone": "standard_phone"}


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """Those of `DISPLAYS` in `names`, in just-objectionable differences below 10; images are uint8 [H, W, 3]."""
    import torch

    torch.set_num_threads(threads)
    shown, original = np.ascontiguousarray(image), np.ascontiguousarray(reference)  # PyTorch has no negative strides
    with torch.no_grad():
        return {name: float(_model(DISPLAYS[name]).predict(shown, original, dim_order="HWC")[0]) for name in names}


@cache
def _model(display: str) -> Any:
    import torch._meta_registrations

    # In the process of a learned codec these wait for their first use, and torchvision can't be imported before it.
    torch._meta_registrations.register_meta  # noqa: B018 (the first use of a name loads the module)
    import pycvvdp

    return pycvvdp.cvvdp(display_name=display, device=torch.device("cpu"), quiet=True)


def skip() -> str | None:
    """Why ColorVideoVDP can't be computed here, or None."""
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return f"the package {PACKAGE} {VERSION} isn't there (`make cvvdp` installs it)"
    if version != VERSION:
        return f"{PACKAGE} is {version}, and the metric is {VERSION}'s (`make cvvdp` installs it)"
    missing = [name for name in ("ffmpeg", "huggingface_hub") if importlib.util.find_spec(name) is None]
    return f"{PACKAGE} lacks the module {' and '.join(missing)} (`make cvvdp` installs it)" if missing else None


def versions() -> str:
    """The package's version. Which display a value is for stands in the metric's name."""
    return f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"
