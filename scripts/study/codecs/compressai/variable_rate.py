"""CompressAI's published networks of variable rate: one file of weights for all rates (Kamisli et al. 2024, arXiv
2402.18930).

The latent is multiplied by a gain before it is quantised. Qualities 1 to 8 are the eight gains that the network was
trained with; a quality in between takes the gain that lies between, on a logarithmic scale. The networks are the
library's, and so are their `compress()` and `decompress()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from study.codecs.base import Weights
from study.codecs.compressai import checkpoint, loading, network_codec, zoo
from study.core import readers, results
from study.core.errors import StudyError, allowed
from study.core.paths import ROOT

if TYPE_CHECKING:
    import torch

MODELS = {
    "bmshj2018-hyperprior-vbr": "ScaleHyperpriorVbr",
    "mbt2018-mean-vbr": "MeanScaleHyperpriorVbr",
    "mbt2018-vbr": "JointAutoregressiveHierarchicalPriorsVbr",
}
LEVELS = 8


class Backend(network_codec.NetworkCodec):
    """Settings: `model` (one of `variable_rate.MODELS`), `metric` (mse), `weights` (published), `device`."""

    defaults: ClassVar[Mapping[str, Any]] = {"model": None, "metric": "mse", "weights": "published", "device": "cpu"}

    def __init__(
        self, name: str, quality: float, settings: Mapping[str, Any] | None = None, weights: Path | None = None
    ) -> None:
        super().__init__(name, quality, settings, weights)
        model = self.settings["model"]
        if model not in MODELS:
            raise StudyError(f"codec {name}: model is {model!r}; {allowed(model, MODELS)}")
        if isinstance(quality, bool) or not isinstance(quality, int | float) or not 1 <= quality <= LEVELS:
            raise StudyError(f"codec {name}: quality {quality!r}; allowed: a number from 1 to {LEVELS}")
        self._source = self.weights_source(self.settings, quality)

    @classmethod
    def weights_source(cls, settings: Mapping[str, Any], quality: float) -> Weights:
        settings = {**cls.defaults, **settings}
        if settings["weights"] != "published":
            raise StudyError(f"weights: found {settings['weights']!r}; allowed for {settings['model']}: published")
        return zoo.variable_rate_weights(str(settings["model"]), str(settings["metric"]))

    @classmethod
    def latent_channels(cls, settings: Mapping[str, Any], quality: float) -> dict[str, int]:
        n, m = zoo.variable_rate_widths(str(settings["model"]))
        return {"y": m, "z": n}

    def skip(self) -> str | None:
        path = self._path()
        if not path.is_file():
            return f"the weights {path} are missing; download them from {self._source.url}"
        return super().skip()

    def network(self) -> network_codec.Network:
        import torch

        loading.load_library()
        from compressai.models import vbr

        path, model = self._path(), str(self.settings["model"])
        n, m = zoo.variable_rate_widths(model)
        more = {} if model == "mbt2018-vbr" else {"vr_entbttlnck": True}
        with torch.random.fork_rng(devices=[]):
            net = getattr(vbr, MODELS[model])(n, m, **more)
        weights = checkpoint.read(path, self._source.sha256)
        loading.fill(net, {name: value for name, value in weights.items() if name != "QuantOffset"}, str(path), "model")
        net.eval().requires_grad_(False).to(self.settings["device"])
        scale = self._scale(net)
        with torch.inference_mode():
            net.update(force=bool(more), scale=scale)
        print_of = network_codec.fingerprint(model, readers.sha256(path), float(self.quality))
        multiple = network_codec.declared_multiple(net)
        return network_codec.Network(net, MODELS[model], print_of, multiple, {"inputscale": scale})

    def _scale(self, net: Any) -> torch.Tensor:
        """The gain of the quality, between those of the whole qualities below and above it."""
        import torch

        below = min(int(self.quality), LEVELS - 1)
        gains = net.Gain.detach().abs()
        share = float(self.quality) - below
        if share in (0, 1):
            return gains[below - 1 + int(share)]
        return torch.exp(torch.lerp(gains[below - 1].log(), gains[below].log(), share))

    def _path(self) -> Path:
        return Path(self.weights) if self.weights is not None else ROOT / results.weights(self._source.file)
