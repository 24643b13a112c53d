"""How large and how costly a learned codec is: parameters, operations, bytes of weights."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from study.codecs import base
from study.codecs.compressai import architectures, network_codec, startup
from study.codecs.compressai import codec as compressai_codec
from study.core.errors import StudyError

COLUMNS = (
    "codec",
    "quality",
    "model",
    "parameters",
    "encode_kmac_per_pixel",
    "decode_kmac_per_pixel",
    "model_bytes",
    "reason",
)
SIDE = 256
UNTOLD = (
    "parameters, encode_kmac_per_pixel, decode_kmac_per_pixel: the model is a graph whose constants hold weights and "
    "tables alike"
)


def row(codec: base.LearnedCodec) -> Mapping[str, object]:
    """A row of `COLUMNS` for a codec whose file of weights is there.

    Parameters and operations are told of the backend compressai; another backend's row has the bytes of its file, and
    `reason` says why there is no more.
    """
    if isinstance(codec, compressai_codec.Backend):
        counts = _counted(codec)
    else:
        counts = _of_calls(codec) if isinstance(codec, network_codec.NetworkCodec) else {"reason": UNTOLD}
    model = codec.settings.get("model") or codec.settings.get("class")
    return {
        "codec": codec.name,
        "quality": codec.quality,
        "model": str(model).replace("{quality}", str(codec.quality)),
        "model_bytes": codec.weights.stat().st_size if codec.weights else None,
        **counts,
    }


def _of_calls(codec: network_codec.NetworkCodec) -> Mapping[str, object]:
    """The same of a network that codes by itself: operations of its compress() and decompress() of an image of zeros.

    A network that can't be loaded or can't code has a `reason`.
    """
    import torch

    startup.complete_torch()
    from torch.utils.flop_counter import FlopCounterMode

    try:
        data: Any = np.zeros((SIDE, SIDE, 3), np.uint8)
        counted: list[float] = []
        codec.prepare()
        for call in (codec.encode, codec.decode):
            with FlopCounterMode(display=False) as counter, torch.inference_mode(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = call(data)
            counted.append(round(counter.get_total_flops() / 2 / SIDE**2 / 1000, 3))
    except StudyError as error:
        return {"reason": f"parameters, encode_kmac_per_pixel, decode_kmac_per_pixel: {error}"}
    return {
        "parameters": codec.parameters(),
        "encode_kmac_per_pixel": counted[0],
        "decode_kmac_per_pixel": counted[1],
    }


def _counted(codec: compressai_codec.Backend) -> Mapping[str, object]:
    """Parameters, and multiplications with additions per pixel of an image of 256x256.

    They are counted by PyTorch's flop counter (half its flops, convolutions and matrix products): what the encoder runs
    (analysis, hyperprior) and what the decoder runs. Masked weights of a context model count as they are multiplied.
    """
    import torch

    startup.complete_torch()
    from torch.utils.flop_counter import FlopCounterMode

    net = compressai_codec.Backend(codec.name, codec.quality, {**codec.settings, "device": "cpu"}, codec.weights)._net
    side = SIDE // architectures.latent_stride(str(codec.settings["model"]))
    y = torch.zeros(1, int(net.M), side, side)
    counted = {}

    def count(name: str, *inputs: torch.Tensor) -> torch.Tensor:
        part = getattr(net, name)
        weight = next(part.parameters())
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            out = part(*(values.to(weight) for values in inputs))
        counted[name] = counter.get_total_flops() / 2 / SIDE**2 / 1000
        return out

    count("g_a", torch.zeros(1, 3, SIDE, SIDE))
    count("g_s", y)
    if hasattr(net, "h_a"):
        hyper = count("h_s", count("h_a", y))
        if hasattr(net, "context_prediction"):
            count("entropy_parameters", torch.cat((hyper, count("context_prediction", y)), 1))
    return {
        "parameters": sum(value.numel() for name, value in net.named_parameters() if not name.endswith("quantiles")),
        "encode_kmac_per_pixel": round(sum(counted.values()) - counted["g_s"], 3),
        "decode_kmac_per_pixel": round(sum(counted.values()) - counted["g_a"] - counted.get("h_a", 0.0), 3),
    }
