"""VMAF, VMAF-NEG, CIEDE2000, PSNR-HVS and CAMBI by libvmaf, and XPSNR, in one call of ffmpeg for an image.

The program is the one that `imageio-ffmpeg` carries, with libvmaf and its models inside. It reads both images as one
frame of R'G'B', the reference above the image, and converts them to Y'CbCr 4:4:4 of ITU-R BT.709, limited range,
10 bits: libvmaf's CIEDE2000 takes its samples for such ones, VMAF was fitted to limited range, and ten bits keep what
eight-bit R'G'B' holds. XPSNR is given 8 bits: at 10, the filter of ffmpeg 9.0 takes the width for the stride, so that
identical images whose width is no multiple of 32 get some 10 dB. libvmaf writes six decimals, and `null` for infinity;
XPSNR writes four.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Collection
from functools import cache

import numpy as np

from study.core.errors import StudyError

YUV = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int+full_chroma_inp,format="
DEEP, SHALLOW = "yuv444p10le", "yuv444p"
MODELS = {"vmaf": "vmaf_v0.6.1", "vmaf_neg": "vmaf_v0.6.1neg"}
FEATURES = {"ciede2000": "ciede", "psnr_hvs": "psnr_hvs", "cambi": "cambi"}


def compute(reference: np.ndarray, image: np.ndarray, names: Collection[str], threads: int) -> dict[str, float]:
    """Those of `vmaf`, `vmaf_neg`, `ciede2000`, `psnr_hvs`, `cambi` and `xpsnr` in `names`; images are uint8 [H, W, 3].

    Raises StudyError with ffmpeg's words if it fails.
    """
    height, width, _ = reference.shape
    command = [
        *(program(), "-hide_banner", "-nostdin", "-threads", str(threads), "-filter_complex_threads", str(threads)),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{width}x{2 * height}", "-i", "pipe:0"),
        *("-filter_complex", graph(width, height, names, threads), "-f", "null", "-"),
    ]
    done = subprocess.run(command, input=reference.tobytes() + image.tobytes(), capture_output=True, check=False)
    output = done.stderr.decode(errors="replace")
    if done.returncode:
        raise StudyError(f"ffmpeg can't score a {width}x{height} image by {', '.join(names)}: {output.strip()[-400:]}")
    values = json.loads(done.stdout)["frames"][0]["metrics"] if done.stdout else {}
    if match := re.search(r"XPSNR +y: (\S+)", output):
        values["xpsnr"] = math.inf if match[1].startswith("inf") else float(match[1])
    if missing := [name for name in names if name not in values]:
        raise StudyError(f"ffmpeg gave no {', '.join(missing)} of a {width}x{height} image: {output.strip()[-400:]}")
    return {name: math.inf if values[name] is None else float(values[name]) for name in names}


def graph(width: int, height: int, names: Collection[str], threads: int) -> str:
    """The filters for the metrics `names`, of a frame with the reference above the image."""
    models = [f"version={MODELS[name]}\\:name={name}" for name in names if name in MODELS]
    features = [f"name={FEATURES[name]}" for name in names if name in FEATURES]
    sinks = []
    if models or features:
        options = [f"n_threads={threads}", "log_fmt=json", "log_path=/dev/stdout"]
        options.append(f"model='{'|'.join(models or ['version=vmaf_v0.6.1'])}'")
        options += [f"feature='{'|'.join(features)}'"] if features else []
        sinks.append((DEEP, f"libvmaf={':'.join(options)}"))
    sinks += [(SHALLOW, "xpsnr")] if "xpsnr" in names else []
    chains = ["split[above][below]"]
    for part, top in (("above", 0), ("below", height)):
        outputs = "".join(f"[{part}{number}]" for number in range(len(sinks)))
        chains.append(f"[{part}]crop={width}:{height}:0:{top}:exact=1,split={len(sinks)}{outputs}")
        chains += [f"[{part}{number}]{YUV}{depth}[{part}yuv{number}]" for number, (depth, _) in enumerate(sinks)]
    chains += [f"[belowyuv{number}][aboveyuv{number}]{sink}" for number, (_, sink) in enumerate(sinks)]
    return ";".join(chains)


@cache
def program() -> str:
    """The path of the ffmpeg that `imageio-ffmpeg` carries."""
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


@cache
def skip() -> str | None:
    """Why ffmpeg can't score here, or None."""
    try:
        filters = subprocess.run([program(), "-hide_banner", "-filters"], capture_output=True, text=True, check=True)
    except (ImportError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        return f"ffmpeg doesn't run: {str(error).splitlines()[0]}"
    missing = [name for name in ("libvmaf", "xpsnr") if not re.search(rf"^ \S+ +{name} ", filters.stdout, re.MULTILINE)]
    return f"{program()} has no filter {' and '.join(missing)}" if missing else None


@cache
def versions() -> str:
    """ffmpeg's version."""
    output = subprocess.run([program(), "-version"], capture_output=True, text=True, check=True).stdout
    return " ".join(output.split()[:3])
