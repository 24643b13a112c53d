"""A codec that is fitted to each image and has no weights: latent grids, entropy network and synthesis go in the file.

After C3 (Kim, Bauer, Theis, Schwarz and Dupont, CVPR 2024, arXiv 2312.02753) and Cool-Chic (Ladune, Philippe, Henry,
Clare and Leguay, ICCV 2023, arXiv 2212.05458); this is code of its own. It departs from both in its contexts (`grids`),
so that a decoder works on whole arrays, and in wavelets for a synthesis, with which a fit starts (`fitting`).
Encoding takes minutes; it keeps its state in `scratch` and goes on from there.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from study.codecs import devices
from study.codecs.base import Codec, check_rgb
from study.codecs.compressai import startup
from study.codecs.overfitted import bitstream, coding, entropy, fitting, grids, parameters, synthesis
from study.core.errors import BitstreamError, CodecError, StudyError
from study.images.png import LARGEST_PIXELS

BEST = 8
CHECKPOINT_EVERY = 200  # steps
_FINE_CHROMA = 7  # quality from which on chroma has bands at the image's own size


class Backend(Codec):
    """Quality 1 to 8, any number: the fit's lambda is 2^quality / 2000, bits per pixel for a squared error of 255.

    Settings: `steps` of the fit, and `device`, cpu or cuda, where fit and synthesis run. Entropy coding is on the CPU.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"steps": 3000, "device": "cpu"}
    extension = "ofc"
    warms_up = False

    def __init__(
        self, name: str, quality: float, settings: Mapping[str, Any] | None = None, weights: Path | None = None
    ) -> None:
        super().__init__(name, quality, settings, weights)
        if isinstance(quality, bool) or not isinstance(quality, (int, float)) or not 1 <= quality <= BEST:
            raise StudyError(
                f"codec {name}: quality {quality!r} is not on its scale; allowed: numbers from 1 to {BEST}"
            )
        steps, device = self.settings["steps"], self.settings["device"]
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= 10**6:
            raise StudyError(f"codec {name}: steps is {steps!r}; allowed: whole numbers from 1 to 1000000")
        devices.check(name, device)

    def skip(self) -> str | None:
        try:
            coding.constriction()
        except ImportError:
            return "the package constriction is not installed; get it with: pip install constriction"
        return devices.missing(self.settings["device"])

    def versions(self) -> str:
        from importlib.metadata import version

        return f"constriction {version('constriction')}; torch {version('torch')}"

    def prepare(self) -> None:
        import torch  # noqa: F401

        coding.prepare()

    def encode(self, rgb: np.ndarray) -> bytes:
        self._required()
        height, width = check_rgb(rgb).shape[:2]
        if height * width > LARGEST_PIXELS:
            raise CodecError(f"an image of {width}x{height} pixels; allowed: {LARGEST_PIXELS:,} in all")
        chroma_level, start_step = self._start()
        task = self.task((height, width))
        form = task.form
        with startup.one_thread():
            steps, whole, latents = self._fitted(fitting.Fit(task, np.ascontiguousarray(rgb)), rgb)
        coder = coding.Encoder()
        values, coded = parameters.code(coder, form, (steps, whole))
        entropy.check_exact(values)
        entropy.code(coder, form.grids, values, latents)
        check = bitstream.check_value([*coded, *latents])
        return bitstream.pack(bitstream.Contents((height, width), chroma_level, start_step, check, coder.string()))

    def decode(self, data: bytes) -> np.ndarray:
        self._required()
        contents = bitstream.parse(data)
        if self.too_large(*contents.size, LARGEST_PIXELS):
            raise BitstreamError(f"inconsistent bitstream: its size is {contents.size}")
        form = parameters.Form(tuple(grids.grids(contents.size, contents.chroma_level)), contents.start_step)
        coder = coding.Decoder(contents.string)
        values, coded = parameters.code(coder, form, None)
        latents = entropy.code(coder, form.grids, values, None)
        bitstream.verify(contents, [*coded, *latents])
        with startup.one_thread():
            return synthesis.decoded(latents, form.grids, values, self.settings["device"])

    def payload_bytes(self, data: bytes) -> int:
        return len(bitstream.parse(data).string)

    def task(self, size: tuple[int, int]) -> fitting.Task:
        """What is fitted to an image of `size` (H, W)."""
        chroma_level, start_step = self._start()
        form = parameters.Form(tuple(grids.grids(size, chroma_level)), start_step)
        return fitting.Task(self._lambda, self.settings["steps"], self.settings["device"], form)

    @property
    def _lambda(self) -> float:
        return 2.0**self.quality / 2000

    def _start(self) -> tuple[int, int]:
        """The level of chroma's finest bands, and the step that all bands begin with, in quarters of an octave.

        A uniform quantiser of step d has an error of d^2 / 12 and a rate whose slope against it is lambda for
        d^2 = 6 / (lambda ln 2); the start is somewhat finer.
        """
        step = 0.7 * math.sqrt(6 / (self._lambda * math.log(2)))
        return (1 if self.quality >= _FINE_CHROMA else 2), round(4 * math.log2(step))

    def _fitted(self, fit: fitting.Fit, rgb: np.ndarray) -> tuple:
        """The result of a fit after its last step; goes on from what an earlier process left in `scratch`."""
        from tqdm import tqdm

        path = None
        if self.scratch is not None:
            path = self.scratch / f".{digest(fit.task, rgb)}.checkpoint"
            if path.exists():
                fit.resume(path)
        total = self.settings["steps"]
        with tqdm(total=total, initial=fit.step, unit="step", mininterval=5, file=sys.stderr) as bar:
            while fit.step < total:
                bpp, error = fit.advance()
                bar.update()
                if fit.step % 20 == 0:
                    bar.set_postfix(bpp=f"{bpp:.3f}", mse=f"{error:.4g}", refresh=False)
                if path is not None and fit.step % CHECKPOINT_EVERY == 0:
                    fit.save(path)
        result = fit.result()
        if path is not None:
            path.unlink(missing_ok=True)
        return result

    def _required(self) -> None:
        if reason := self.skip():
            raise StudyError(f"codec {self.name} can't run here: {reason}")


def digest(task: fitting.Task, rgb: np.ndarray) -> str:
    """What a checkpoint is told by: image, uint8 [H, W, 3], task and this package's code, whose edits begin anew."""
    digest = hashlib.sha256(f"{task} {rgb.shape}".encode())
    digest.update(np.ascontiguousarray(rgb).tobytes())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
