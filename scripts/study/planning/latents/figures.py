"""The figures of an experiment on latents: the names of their files, and what each is drawn from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from study.figures.latents import names as figure_names
from study.latents import edits
from study.planning.latents.experiments import Edited

if TYPE_CHECKING:
    from study.planning.cells import Plan


def jobs(plan: Plan) -> list[Edited]:
    """The jobs of all experiments that draw figures."""
    return [job for name in plan.latents.by_name if plan.latents.figure_names(name) for job in plan.latents.jobs(name)]


def drawn(plan: Plan, job: Edited) -> list[figure_names.Named]:
    """The figures of a job."""
    return figure_names.named(plan.latents.by_name[job.experiment]["figures"], plan.part_images(job.part))


def files(plan: Plan, job: Edited, folder: str) -> list[str]:
    """What a job writes into `folder` beside figures.csv and the .png files: the .pdf files and the reports' tables."""
    found = drawn(plan, job)
    tables = [f"{folder}/{each.stem}.csv" for each in found if each.figure == "report"]
    return [f"{folder}/{each.stem}.pdf" for each in found] + tables


def labels(job: Edited, each: figure_names.Named) -> dict[str, str]:
    """How a figure is told from the others in Snakemake's report."""
    figure = each.figure.replace("_", " ") + (f": {each.edit}" if each.edit else "")
    return {"picture": each.image, "figure": figure, "codec": job.codec, "quality": job.quality}


def option(plan: Plan, job: Edited) -> str:
    """What `plot_latents.py` needs to know of a job, as JSON."""
    entry = plan.catalogued(job.codec)
    chosen = plan.latents.by_name[job.experiment]["figures"]
    told = {
        "study": plan.name,
        "metrics": plan.config["metrics"],
        "cell": {"experiment": job.experiment, "set": job.image_set, "part": job.part, "codec": job.codec,
                 "quality": job.quality},
        "label": entry["label"],
        "family": entry["family"],
        "figures": {name: chosen[name] for name in figure_names.figure_names({"figures": chosen})},
        "curve": [list(cell) for cell in _curve(plan, job)],
        "baselines": _other_qualities(plan, job),
        "others": {name: list(plan.latents.parts[name]) for name in _sets(plan, job)},
    }  # fmt: skip
    return json.dumps(told, sort_keys=True)


def inputs(plan: Plan, job: Edited) -> list[str]:
    """The records that a job's figures are drawn from, no more than they need."""
    names = plan.latents.figure_names(job.experiment)
    found = [f"results/images/{job.part}/images.csv", f"results/latents/{job.path}/latents.csv"]
    if "impulse" in names:
        found.append(f"results/latents/{job.path}/impulse.csv")
    if not set(names) <= set(figure_names.OF_LATENTS):
        found += [f"{_edits(plan, job, job.quality)}/{record}.csv" for record in ("encoded", "decoded", "scores")]
    for part, codec, quality in _curve(plan, job):
        found += [f"results/images/{part}/images.csv", f"results/bitstreams/{part}/{codec}/{quality}/encoded.csv"]
        found += plan.scores.records([f"{part}/{codec}/{quality}"])
    for quality in _other_qualities(plan, job):
        found += [f"{_edits(plan, job, quality)}/{record}.csv" for record in ("encoded", "decoded", "scores")]
    found += [f"results/images/{part}/images.csv" for name in _sets(plan, job) for part in plan.latents.parts[name]]
    if "report" in names:
        found.append("references/epfl2021.csv")
    return list(dict.fromkeys(found))


def _curve(plan: Plan, job: Edited) -> list[tuple[str, str, str]]:
    """The cells of the study with the job's codec on its images: points of the codec's own curve."""
    if "progressive" not in plan.latents.figure_names(job.experiment):
        return []
    own = set(plan.part_images(job.part))
    return [cell for cell in plan.cells() if cell[1] == job.codec and own & set(plan.part_images(cell[0]))]


def _other_qualities(plan: Plan, job: Edited) -> list[str]:
    """The experiment's other qualities of the job's codec, whose baselines are points of the codec's own curve."""
    if "progressive" not in plan.latents.figure_names(job.experiment):
        return []
    found = [each for each in plan.latents.jobs(job.experiment) if (each.part, each.codec) == (job.part, job.codec)]
    return [each.quality for each in found if each.quality != job.quality]


def _sets(plan: Plan, job: Edited) -> list[str]:
    """The image sets that strips of interpolation take images from."""
    experiment = plan.latents.by_name[job.experiment]
    named_edits = {name: experiment["edits"][name] for name in experiment["figures"].get("interpolation") or []}
    return list(dict.fromkeys([*([job.image_set] if named_edits else []), *edits.sets_needed(named_edits)]))


def _edits(plan: Plan, job: Edited, quality: str) -> str:
    return f"results/edits/{plan.name}/{job.experiment}/{job.part}/{job.codec}/{quality}"
