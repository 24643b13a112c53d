"""The figures of an experiment on latents: the names of their files, and what each is drawn from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from study.core import results, typed
from study.core.cell import Cell
from study.figures import palette
from study.figures.latents import names as figure_names
from study.figures.palette import Style
from study.latents import edits
from study.planning.latents.experiments import Edited
from study.training import recipes

if TYPE_CHECKING:
    from study.planning.cells import Plan


RECORDS = ("encoded", "decoded", "scores")


def jobs(plan: Plan) -> list[Edited]:
    """The jobs of all experiments that draw figures."""
    return [job for name in plan.latents.by_name if plan.latents.figure_names(name) for job in plan.latents.jobs(name)]


def job(plan: Plan, experiment: str, part: str, codec: str, quality: str) -> Edited:
    """A job of an experiment by what stands in its path."""
    return Edited(experiment, plan.latents.image_set(experiment, part), part, codec, quality)


def payload(plan: Plan, job: Edited) -> dict:
    """For `plot_latents.py`: a job, its figures, and what they are drawn from."""
    return {
        "study": plan.name,
        "metrics": plan.study.metrics,
        "cell": {"experiment": job.experiment, "set": job.image_set, "part": job.part, "codec": job.codec,
                 "quality": job.quality},
        "look": typed.plain(_look(plan, job.codec)),
        "ordered": _ordered(plan, job),
        "figures": plan.latents.by_name[job.experiment].figures,
        "curve": [[cell.part, cell.codec, cell.quality] for cell in _curve(plan, job)],
        "baselines": _other_qualities(plan, job),
        "others": {name: list(plan.latents.parts[name]) for name in _sets(plan, job)},
        "paper": typed.plain(plan.study.figures.paper),
    }  # fmt: skip


def _look(plan: Plan, codec: str) -> Style:
    """The look of a codec in all figures of the study, whose lines here are solid."""
    codecs = dict.fromkeys([*plan.study.codecs, codec])
    entries = ((name, plan.catalogued[name]) for name in codecs)
    looks = palette.styles([{"codec": name, "label": entry.label, "family": entry.family} for name, entry in entries])
    return replace(looks[codec], line="-")


def _ordered(plan: Plan, job: Edited) -> bool:
    """Whether the order of the codec's channels comes from the principal components that its training began with."""
    training = plan.training_of(job.codec, job.quality)
    return training is not None and recipes.from_components(plan.known_recipes, *training)


def inputs(plan: Plan, job: Edited) -> list[str]:
    """The records that a job's figures are drawn from, no more than they need."""
    names = plan.latents.figure_names(job.experiment)
    cell = Cell(job.image_set, job.part, job.codec, job.quality)
    records = [results.images(job.part), cell.latents()]
    if "impulse" in names:
        records.append(cell.impulse())
    edited = [] if set(names) <= set(figure_names.OF_LATENTS) else [job.quality]
    for quality in (*edited, *_other_qualities(plan, job)):
        path = cell._replace(quality=quality).path
        records += [results.edited(plan.name, job.experiment, path, record) for record in RECORDS]
    for own in _curve(plan, job):
        records += [results.images(own.part), own.encoded(), *plan.scores.records([own])]
    records += [results.images(part) for name in _sets(plan, job) for part in plan.latents.parts[name]]
    return list(dict.fromkeys(records))


def tables(plan: Plan, job: Edited) -> list[str]:
    """Tables of the checkout that a job's figures are drawn from."""
    return ["references/epfl2021.csv"] if "report" in plan.latents.figure_names(job.experiment) else []


def _curve(plan: Plan, job: Edited) -> list[Cell]:
    """The cells of the study with the job's codec on its images: points of the codec's own curve."""
    if "progressive" not in plan.latents.figure_names(job.experiment):
        return []
    own = set(plan.part_images(job.part))
    return [cell for cell in plan.cells() if cell.codec == job.codec and own & set(plan.part_images(cell.part))]


def _other_qualities(plan: Plan, job: Edited) -> list[str]:
    """The experiment's other qualities of the job's codec, whose baselines are points of the codec's own curve."""
    if "progressive" not in plan.latents.figure_names(job.experiment):
        return []
    jobs = [other for other in plan.latents.jobs(job.experiment) if (other.part, other.codec) == (job.part, job.codec)]
    return [other.quality for other in jobs if other.quality != job.quality]


def _sets(plan: Plan, job: Edited) -> list[str]:
    """The image sets that strips of interpolation take images from."""
    experiment = plan.latents.by_name[job.experiment]
    named_edits = {name: experiment.edits[name] for name in experiment.figures.interpolation}
    return list(dict.fromkeys([*([job.image_set] if named_edits else []), *edits.sets_needed(named_edits)]))
