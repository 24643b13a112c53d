"""Command-line options of a training."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from study.training import loop


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a training: its photos, the recipe's fields with their defaults, and what it writes."""
    defaults = loop.Recipe.__dataclass_fields__
    parser.add_argument("--photos", type=Path, required=True, help="photos packed by scripts/pack_photos.py")
    parser.add_argument("--manifest", metavar="CSV", help="manifest that the photos must be those of")
    parser.add_argument("--validation", type=Path, metavar="NPZ", help="packed photos that are held out of training")
    parser.add_argument("--model", required=True, help="network, such as bmshj2018-hyperprior")
    parser.add_argument("--metric", required=True, help="distortion: mse, msssim, or perceptual (model hific)")
    parser.add_argument(
        "--n", type=json.loads, required=True, help="width of the transforms, or [first, second, third]"
    )
    parser.add_argument("--m", type=int, required=True, help="channels of the latent")
    parser.add_argument("--h", type=json.loads, help="[z, first, second] widths of the hyper transforms (default: n)")
    parser.add_argument("--lam", type=float, required=True, help="weight of the distortion against bits per pixel")
    parser.add_argument("--steps", type=int, required=True, help="how many steps")
    for name, what in {
        "batch": "crops in a step",
        "crop": "side of a crop in pixels",
        "lr": "highest learning rate",
        "warmup": "steps over which the learning rate rises",
        "decay": "part of the steps, at the end, over which it falls",
        "seed": "seed of crops, noise and first weights",
        "precision": "bf16 (mixed) or f32",
        "init": "without --start: principal (components of the photos) or random weights",
        "average": "weights at the end: an exponential average that keeps this part at each step; 0: the last step's",
        "lpips": "perceptual: weight of LPIPS",
        "adversarial": "perceptual: weight of the discriminator's judgement",
        "pattern": "perceptual: weight of regular patterns",
        "pretraining": "perceptual: part of the steps, at the beginning, without the discriminator",
    }.items():
        default = defaults[name].default
        parser.add_argument(f"--{name}", type=type(default), default=default, help=f"{what} (default: %(default)s)")
    parser.add_argument("--start", type=Path, help="weights to start from (safetensors)")
    parser.add_argument("--threads", type=int, default=1, help="threads (default: %(default)s)")
    parser.add_argument("--every", type=int, default=500, help="steps between checkpoints (default: %(default)s)")
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint file, removed at the end")
    parser.add_argument("--log", type=Path, required=True, help="table of step, bpp, distortion, loss (CSV)")
    parser.add_argument("--out", type=Path, required=True, help="the weights (safetensors)")
