# Names and targets that the other files of rules/ share.

import gc
import inspect
import json
import types

from study.core.errors import StudyError
from study.planning import cells as plan, config as study_config, lock as run_lock, progress
from study.planning.cells import code, lock, generation
from study.planning.latents import figures as figure_plan

try:
    config = study_config.checked(config, plan.origin(workflow.overwrite_configfiles))
    PLAN = plan.Plan(config)
    TRAINING = plan.Training(config) if "training" in config else None
except StudyError as error:
    raise WorkflowError(str(error)) from None

# A graph is millions of objects that stay; looking for garbage among them takes a tenth of the time.
gc.set_threshold(200_000, 20, 100)

STUDY = f"results/studies/{PLAN.name}"
plan.prepare_environment(config)


def hold_results():
    """Keep other runs out of this folder as long as this one lasts."""
    try:
        run_lock.hold()
    except StudyError as error:
        raise WorkflowError(str(error)) from None


def remember_signatures(rules):
    """Keep the signature of each rule's functions, which Snakemake asks for several times for every job."""
    for one in rules:
        for each in (*one.input, *one.params, one.group, one.conda_env):
            if isinstance(each, types.FunctionType):
                each.__signature__ = inspect.signature(each)


wildcard_constraints:
    set="[^/]+",
    codec="[^/]+",
    quality="[^/]+",
