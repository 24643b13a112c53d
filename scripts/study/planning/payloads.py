"""What each command needs to know of a study, for its specification (`specs.write`)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping

from study.analysis import claim_pairs, published_curves
from study.analysis.claim_pairs import ClaimOptions, ClaimPlan
from study.analysis.claim_training import Trained
from study.codecs import targeted
from study.core import results, typed
from study.metrics import registry as metric_registry
from study.planning import opinions
from study.planning import study as study_config
from study.planning.cells import Plan
from study.planning.code_hash import code, lock
from study.training import budgets

MACHINE = ("mirror", "cache", "cell_limit")  # keys of a config that only say how a machine is to be used


def tables(plan: Plan) -> dict:
    """For `aggregate.py`: image sets with their parts, codecs with their qualities, metrics."""
    codecs = {name: {**typed.plain(entry), "qualities": plan.qualities[name]} for name, entry in plan.codecs.items()}
    return {"sets": _parts(plan), "codecs": codecs, "metrics": plan.study.metrics}


def provenance(plan: Plan) -> dict:
    """For `provenance.py`: what the tables are made of, and what tells this study from another of the same codecs.

    `code` has hashes: of each codec all that its jobs run (weights that no job makes included), and of the scoring.
    """
    used = {
        name: {kind: _hash([plan.code(script(str(one)), name, str(one)) for one in chosen]) for kind, script in stages}
        for name, chosen in plan.qualities.items()
        for stages in [(("encode", plan.encoder), ("decode", lambda _: "decode.py"))]
    }
    scoring = _hash([code("score.py", *metric_registry.modules(plan.study.metrics)), plan.study.engine])
    return tables(plan) | {"config": config(plan), "code": used, "scoring": scoring, "locks": locks(plan)}


def config(plan: Plan) -> dict:
    """The study's config without the keys that only say how a machine is to be used."""
    return {key: value for key, value in plan.study.data().items() if key not in MACHINE}


def locks(plan: Plan) -> dict[str, str]:
    """The hashes of the pins of the environments that the study needs."""
    return {name: lock(name) for name in sorted({"study", *map(plan.environment, plan.codecs)})}


def complexity(plan: Plan) -> dict:
    """For `codec_table.py`: the specification and the files of weights of each codec with weights."""
    counted: dict[str, dict] = {}
    for codec, quality in plan.weighted():
        entry = counted.setdefault(codec, {"spec": plan.spec(codec), "weights": {}})
        entry["weights"][str(plan.exact(codec, quality))] = plan.weights(codec, quality)
    return counted


def claims(plan: Plan) -> ClaimPlan:
    """For `claims.py`: the study's claims, spelled out; none for a study that tests none."""
    kinds = {
        name: claim_pairs.weights_kind(plan.weights_source(name, str(some[0]))) for name, some in plan.qualities.items()
    }
    options, known = plan.study.claims or ClaimOptions([]), study_config.claims(plan.study)
    return claim_pairs.plan(
        options, known, list(plan.codecs), plan.study.metrics, kinds, _trained(plan) if plan.study.claims else {}
    )


def _trained(plan: Plan) -> dict[str, Trained]:
    """What the study's codecs with recipes were trained with."""
    trained = {}
    for codec, some in plan.qualities.items():
        trainings = [plan.training_of(codec, str(quality)) for quality in some]
        seen = [budgets.budget(plan.known_recipes, *training) for training in trainings if training is not None]
        if seen:
            megapixels = [round(budget.pixels_with_starts / 1e6, 1) for budget in seen]
            trained[codec] = Trained(megapixels, sorted({budget.seed for budget in seen}))
    return trained


def claimed_edits(plan: Plan, folder: str) -> list[str]:
    """The tables of the study's experiments, in its `folder`, whose edits its claims are about."""
    named = {name for claim in claims(plan).claims for change in claim.changes for name in change.edits}
    experiments = [name for name, experiment in plan.latents.by_name.items() if named & set(experiment.edits)]
    return [f"{folder}/latents/{name}/edits.csv" for name in experiments]


def timing(plan: Plan) -> dict:
    """For `timing_table.py`: the cells that are timed, each with the records of its rounds; none without `timing`.

    Of an image set that is cut, its first part; of a codec's qualities the middle one, or all. Targets aren't timed:
    each image has a parameter of its own.
    """
    if plan.study.timing is None:
        return {"cells": []}
    folder, every = results.study(plan.name), plan.study.timing.qualities == "all"
    rounds = range(1, plan.study.timing.rounds + 1)
    return {
        "cells": [
            {
                "image_set": image_set,
                "codec": codec,
                "quality": str(quality),
                "records": [
                    f"{folder}/timing/round{number}/{next(iter(parts))}/{codec}/{quality}.csv" for number in rounds
                ],
            }
            for image_set, parts in plan.parts.items()
            for codec, chosen in plan.qualities.items()
            for quality in (chosen if every else [chosen[len(chosen) // 2]])
            if targeted.parsed(quality) is None
        ]
    }


def published(plan: Plan) -> dict:
    """For `published.py`: tables of published figures, and what they are compared with; nothing if there are none."""
    sets = published_curves.of(list(plan.parts))
    if not sets:
        return {}
    codecs = {name: entry.published for name, entry in plan.codecs.items() if entry.published}
    chosen = {"sets": sets, "curves": published_curves.CURVES, "codecs": codecs, "metrics": plan.study.metrics}
    return chosen | vars(plan.study.published)


def published_tables(plan: Plan) -> list[str]:
    """The tables of published figures that the study is compared with, relative to the checkout."""
    return [*published_curves.of(list(plan.parts)).values(), published_curves.CURVES]


def drawn_curves(plan: Plan, image_set: str) -> list[str]:
    """The table of published points, if the study draws published curves over the image set; else nothing."""
    there = plan.study.published.draw and published_curves.of([image_set])
    return [f"{results.study(plan.name)}/published.csv"] if there else []


def exports(plan: Plan, commands: Mapping[str, Mapping[str, str]]) -> dict:
    """For `exports.py`: the part that each image is in, metrics, and by codec the `commands` that encode and decode."""
    sets = {
        name: {image: part for part in parts for image in plan.part_images(part)} for name, parts in plan.parts.items()
    }
    bd = plan.study.bd_rate is not None
    return {"sets": sets, "metrics": plan.study.metrics, "bd": bd, "commands": dict(commands)}


def export_files(plan: Plan, folder: str) -> list[str]:
    """The study's results for other tools, in `folder`."""
    kinds = ("compressai", "codec-compare")
    batches = [f"{kind}/{name}/{codec}.json" for kind in kinds for name in plan.parts for codec in plan.codecs]
    lists = [f"codec-compare/{name}.json" for name in plan.parts]
    bd = ["bd_rate.tex"] if plan.study.bd_rate else []
    return [f"{folder}/{path}" for path in (*batches, *lists, *bd, "papers.bib")]


def page(plan: Plan, graph: Mapping, commands: Mapping[str, Mapping], more: Iterable[str] = ()) -> dict:
    """For `page.py`: the study, its files, and how it was made.

    `graph` gives the rules' edges and the hashes of their code, `commands` by codec those that encode and
    decode at each quality, `more` files of the study's folder that no rule makes. Keys of
    the config that only say how a machine is to be used are left out.
    """
    folder = results.study(plan.name)
    files = [os.path.relpath(path, folder) for path in products(plan)]
    chosen = {
        name: {
            "qualities": plan.qualities[name],
            "code": [
                plan.code(script, name, first)
                for first in (str(plan.qualities[name][0]),)
                for script in (plan.encoder(first), "decode.py")
            ],
            "commands": dict(commands[name]),
        }
        for name in plan.codecs
    }
    return {
        "study": plan.name,
        "config": config(plan),
        "metrics": plan.study.metrics,
        "sets": _parts(plan),
        "tags": {name: plan.tags(name) for name in plan.parts},
        "codecs": chosen,
        "files": [file for file in files if "/images/" not in file and file != "index.html"] + list(more),
        "locks": locks(plan),
        "graph": dict(graph),
    }


def records(plan: Plan) -> list[str]:
    """The tables and figures of the study that its rules declare; of figures in folders, the records that list them."""
    folder, bd = results.study(plan.name), plan.study.bd_rate is not None
    suffixes = plan.study.figures.paper.suffixes
    names = ["rd.csv", "rd.parquet", "means.csv", "codecs.csv"]
    names += ["bd.csv", "head_to_head.csv"] * bd + ["complexity.csv"] * bool(plan.weighted())
    names += ["timing.csv"] * (plan.study.timing is not None)
    names += [f"{name}.csv" for name in ("claims", "claims_comparisons", "claims_edits") if plan.study.claims]
    names += [f"{name}.csv" for name in ("published", "published_check", "published_bd") if published(plan)]
    names += opinions.products(plan)
    for image_set in plan.parts:
        names.append(f"figures/{image_set}/images.csv")
        kinds = ["originals", "average", "time", *["rank_agreement"] * (len(plan.study.metrics) > 1)]
        if plan.study.bd_rate is not None:
            kinds += ["bd_rate", *(f"head_to_head-{metric}" for metric in plan.study.bd_rate.metrics)]
        names += [f"figures/{image_set}/{kind}.{suffix}" for kind in kinds for suffix in suffixes]
    names += [f"figures/training/{model}.{suffix}" for model in plan.trained() for suffix in suffixes]
    shown = [f"{folder}/{name}" for name in names]
    return [
        *shown,
        *plan.latents.products(folder),
        *export_files(plan, f"{folder}/exports"),
        f"{folder}/provenance.json",
    ]


def figure_folders(plan: Plan) -> list[str]:
    """The folders that jobs fill with figures."""
    folder = results.study(plan.name)
    drawn = [
        f"{path.removesuffix('figures.csv')}drawn"
        for path in plan.latents.products(folder)
        if path.endswith("/figures.csv")
    ]
    return [*(f"{folder}/figures/{image_set}/images" for image_set in plan.parts), *drawn]


def products(plan: Plan) -> list[str]:
    """Every table and figure of the study, and its page."""
    folder = results.study(plan.name)
    images = [
        f"{folder}/figures/{image_set}/images/{name}.{suffix}"
        for image_set in plan.parts
        for name in plan.image_names(image_set)
        for suffix in plan.study.figures.paper.suffixes
    ]
    return [*records(plan), *images, f"{folder}/index.html"]


def latent_table(plan: Plan, experiment: str) -> dict:
    """For `latent_table.py`: the cells of an experiment."""
    return {"study": plan.name, "metrics": plan.study.metrics, "cells": plan.latents.cells(experiment)}


def latent_edit(plan: Plan, experiment: str, part: str, codec: str, quality: str) -> dict:
    """For `latent_edit.py`: the edits of an experiment, and the records of latents that they ask for, by image set."""
    chosen = plan.latents.by_name[experiment]
    return {
        "set": plan.latents.image_set(experiment, part),
        "edits": chosen.edits,
        "side_information": chosen.side_information,
        "reference": plan.latents.references(experiment, part, codec, quality),
    }


def _parts(plan: Plan) -> dict[str, list[str]]:
    return {name: list(parts) for name, parts in plan.parts.items()}


def _hash(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
