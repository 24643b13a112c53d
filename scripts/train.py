"""Train one learned codec at one quality, from photos to a file of weights; goes on from its checkpoint if stopped."""

from __future__ import annotations

import argparse
import dataclasses
import sys

from study.core import atomic_io, errors, paths, readers
from study.training import crops as training_crops
from study.training import loop, options, photos, trainers, validation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    options.add_options(parser)
    args = parser.parse_args()
    import torch
    from tqdm import tqdm

    torch.set_num_threads(args.threads)
    recipe = loop.Recipe(**{field.name: getattr(args, field.name) for field in dataclasses.fields(loop.Recipe)})
    held_out = validation.photos(recipe, args.validation) if args.validation else []  # refused before the training
    trainer = trainers.of_metric(recipe.metric)
    if args.manifest:
        photos.check(training_crops.packed_hashes(args.photos), photos.read(args.manifest), [photos.TRAIN])
    crops = training_crops.Crops(training_crops.unpack(args.photos), recipe.crop, recipe.seed)
    with tqdm(total=recipe.steps, unit="step", mininterval=5, file=sys.stderr) as bar:

        def tell(row: dict[str, float]) -> None:
            bar.update(row["step"] - bar.n)
            bar.set_postfix(bpp=f"{row['bpp']:.3f}", distortion=f"{row['distortion']:.4g}", refresh=False)

        net, log = trainer.train(recipe, crops, args.checkpoint, args.start, args.every, tell=tell)
    notes = {"manifest": readers.sha256(paths.resolved(args.manifest)) if args.manifest else "none"}
    if held_out:
        notes |= validation.notes(net, recipe, held_out)
        print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in notes.items() if name != "manifest"))
    start = f"{args.start.parent.name}/{args.start.stem}" if args.start else "none"
    loop.save(net, recipe, args.out, {"start": start, **notes})
    atomic_io.write_rows(args.log, trainer.LOG, log)
    args.checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    errors.guarded(main)
