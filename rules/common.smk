# Names and functions that the other files of rules/ share.

import re
import shlex
from functools import cache

from study.core import readers, results
from study.core.cell import Cell
from study.core.errors import StudyError
from study.metrics import registry as metric_registry
from study.planning import (
    asked,
    cells as plan,
    config as study_config,
    environment,
    lock as run_lock,
    payloads,
    preloaded,
    progress,
    retries,
    specs,
    study as study_config_types,
    trainings,
)
from study.planning.cells import generation
from study.planning.code_hash import code, content, lock
from study.planning.latents import figures as figure_plan
from study.training import photos

try:
    for file in workflow.configfiles + given_configfiles(workflow):
        readers.read_yaml(file)  # Snakemake's own reading takes what is given twice, and 01 for 1
    PLAN = plan.Plan(study_config.checked(config, environment.origin(given_configfiles(workflow))))
    asked.check(PLAN, asked_files(workflow))
    TRAINING = trainings.Training(PLAN.study.training) if PLAN.study.training else None
    environment.prepare(PLAN.study)
except StudyError as error:
    raise WorkflowError(str(error)) from None

# In a command, the folder of the scripts: no path of a machine, so that a moved checkout reruns nothing.
SCRIPTS = f'"${environment.CHECKOUT}"/scripts'
STUDY = results.study(PLAN.name)
FIGURES = f"{STUDY}/figures"
# Files of the study that the page links to.
MORE = [name for name in ("audit.csv",) if os.path.exists(f"{STUDY}/{name}")]
LOGS = f"studies/{PLAN.name}"
CELL = Cell("{set}", "{set}", "{codec}", "{quality}")


def hold_results():
    """Keep other runs out of this folder as long as this one lasts."""
    try:
        run_lock.hold()
    except StudyError as error:
        raise WorkflowError(str(error)) from None


def flip_runs():
    """Whether FLIP's maps that were skipped can be drawn now; only then is NumPy loaded."""
    from study.metrics import flip

    return flip.skip() is None


def try_failed_again(table, records):
    """Have this run score again what failed; with a storage not, since no plan reads the records there."""
    if STORED or not workflow.is_main_process:
        return
    try:
        retries.note(table, records)
    except StudyError as error:
        raise WorkflowError(str(error)) from None


def retried(record):
    """A record's file of `retries`, as an input."""
    return lambda w: by_content(retries.inputs(record.format(**{"group": metric_registry.CHEAP, **dict(w.items())})))


def any_of(names):
    """A wildcard's constraint: one of some names."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    set="[^/]+",
    codec="[^/]+",
    quality="[^/]+",
    group=any_of(metric_registry.own_jobs()),  # of metrics that a job of their own scores
