# Names and targets that the other files of rules/ share.

import json

from study.core.errors import StudyError
from study.metrics import registry as metric_registry
from study.planning import cells as plan, config as study_config, lock as run_lock, progress
from study.planning.cells import code, lock, generation
from study.planning.latents import figures as figure_plan

try:
    config = study_config.checked(config, plan.origin(given_configfiles(workflow)))
    PLAN = plan.Plan(config)
    TRAINING = plan.Training(config) if "training" in config else None
except StudyError as error:
    raise WorkflowError(str(error)) from None

STUDY = f"results/studies/{PLAN.name}"
# The groups of metrics that a job of their own scores; a pattern that matches nothing where there are none.
GROUPS = "|".join(metric_registry.own_jobs()) or "(?!)"
plan.prepare_environment(config)


def hold_results():
    """Keep other runs out of this folder as long as this one lasts."""
    try:
        run_lock.hold()
    except StudyError as error:
        raise WorkflowError(str(error)) from None


wildcard_constraints:
    set="[^/]+",
    codec="[^/]+",
    quality="[^/]+",
    group=GROUPS,
