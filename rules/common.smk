# Names and targets that the other files of rules/ share.

from study import config as study_config, plan, progress
from study.errors import StudyError
from study.plan import code, lock, remade

try:
    config = study_config.checked(config, " ".join(map(str, workflow.overwrite_configfiles)) or "config.yaml")
    PLAN = plan.Plan(config)
except StudyError as error:
    raise WorkflowError(str(error)) from None

STUDY = f"results/studies/{PLAN.name}"
plan.prepare_environment(config)


wildcard_constraints:
    set="[^/]+",
    codec="[^/]+",
    quality="[^/]+",
