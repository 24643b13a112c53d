"""CompressAI's architectures as tiny networks with random weights, and the list of the bundled models."""

from __future__ import annotations

import numpy as np
import skimage.data
import torch

from study.codecs.compressai import architectures
from study.codecs.compressai.codec import Backend
from study.planning import entries

NETS = {
    "bmshj2018-factorized": ([4, 6, 8], 12, None),
    "bmshj2018-factorized-relu": (6, 8, None),
    "b2018-gdn": (6, 8, None),
    "b2018-leaky_relu": ([4, 6, 8], 12, None),
    "bmshj2018-hyperprior": ([4, 6, 8], 12, [4, 6, 8]),
    "mbt2018-mean": ([4, 6, 8], 12, [4, 6, 8]),
    "hific": ([4, 6, 8], 12, [4, 6, 8]),
    "mbt2018": (6, 8, None),
    "checkerboard": ([4, 6, 8], 12, [4, 6, 8, 5, 30]),
    "cae": ([4, 6], 8, None),
    "cheng2020-anchor": (8, 8, None),
    "cheng2020-attn": (8, 8, None),
}
SERIAL = ("mbt2018", "checkerboard", "cheng2020-anchor", "cheng2020-attn")
BUNDLED = [
    (name, quality, entry)
    for name, entry in entries.codecs().items()
    if entry.backend == "compressai" and str(entry.settings.get("weights", "")).startswith("models/")
    for quality in entry.qualities
]


def photo(height, width):
    return np.ascontiguousarray(skimage.data.astronaut()[40 : 40 + height, 130 : 130 + width])


def random_net(model, n, m, h):
    """A network whose latents spread over many symbols, which those of fresh random weights don't."""
    torch.manual_seed(3)
    net = architectures.build(model, n, m, h).eval()
    with torch.no_grad():
        for name, part in net.named_children():
            if name in ("g_a", "h_a"):
                last = [module for module in part.modules() if isinstance(module, torch.nn.Conv2d)][-1]
                last.weight.mul_(60.0 if name == "g_a" else 8.0)
    net.entropy_bottleneck.update(force=True, update_quantiles=True)
    return net


def write_weights(folder):
    """Files of random weights, one a model."""
    from safetensors.torch import save_file

    for model, (n, m, h) in NETS.items():
        save_file(architectures.state(random_net(model, n, m, h)), folder / f"{model}.safetensors")


def codec(weights, model, name="codec"):
    n, m, h = NETS[model]
    path = weights / f"{model}.safetensors"
    settings = {"model": model, "n": n, "m": m, "h": h, "weights": str(weights / "{quality}.safetensors")}
    return Backend(name, 1, settings, path)
