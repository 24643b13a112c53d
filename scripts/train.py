"""Train one learned codec at one quality, from photos to a file of weights; goes on from its checkpoint if stopped."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from study.core import atomic_io, errors, paths, readers
from study.training import crops as training_crops
from study.training import loop, photos


def main() -> None:
    args = _arguments().parse_args()
    import torch
    from tqdm import tqdm

    torch.set_num_threads(args.threads)
    recipe = loop.Recipe(
        args.model, args.metric, args.n, args.m, args.h, args.lam, args.steps, args.batch, args.crop, args.lr,
        args.warmup, args.decay, args.seed, args.precision, args.init, args.lpips, args.adversarial, args.pretraining,
    )  # fmt: skip
    trainer = loop
    if recipe.metric == "perceptual":
        from study.training import generative

        trainer = generative
    if args.manifest:
        photos.check(training_crops.packed_hashes(args.photos), photos.read(args.manifest), [photos.TRAIN])
    crops = training_crops.Crops(training_crops.unpack(args.photos), recipe.crop, recipe.seed)
    with tqdm(total=recipe.steps, unit="step", mininterval=5, file=sys.stderr) as bar:

        def tell(row: dict[str, float]) -> None:
            bar.update(row["step"] - bar.n)
            bar.set_postfix(bpp=f"{row['bpp']:.3f}", distortion=f"{row['distortion']:.4g}", refresh=False)

        net, log = trainer.train(recipe, crops, args.checkpoint, args.start, args.every, tell=tell)
    notes = {"manifest": readers.sha256(paths.resolved(args.manifest)) if args.manifest else "none"}
    if args.validation:
        notes |= loop.validated(net, recipe, training_crops.unpack(args.validation))
        print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in notes.items() if name != "manifest"))
    start = f"{args.start.parent.name}/{args.start.stem}" if args.start else "none"
    loop.save(net, recipe, args.out, {"start": start, **notes})
    atomic_io.write_rows(args.log, trainer.LOG, log)
    args.checkpoint.unlink(missing_ok=True)


def _arguments() -> argparse.ArgumentParser:
    defaults = loop.Recipe.__dataclass_fields__
    parser = argparse.ArgumentParser(description=__doc__)
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
        "lpips": "perceptual: weight of LPIPS",
        "adversarial": "perceptual: weight of the discriminator's judgement",
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
    return parser


if __name__ == "__main__":
    errors.guarded(main)
