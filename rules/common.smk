# Names and targets that the other files of rules/ share.

from study import config as study_config, plan, progress
from study.errors import StudyError
from study.plan import code, lock, remade

try:
    config = study_config.checked(config, plan.origin(workflow.overwrite_configfiles))
    PLAN = plan.Plan(config)
    TRAINING = plan.Training(config) if "training" in config else None
except StudyError as error:
    raise WorkflowError(str(error)) from None

STUDY = f"results/studies/{PLAN.name}"
plan.prepare_environment(config)


wildcard_constraints:
    set="[^/]+",
    codec="[^/]+",
    quality="[^/]+",
