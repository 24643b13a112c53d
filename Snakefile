"""A study of image codecs: images -> bitstreams -> images -> scores -> tables and figures."""

import importlib.util
import os
import sys

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.27")

MISSING = [name for name in ("jsonschema", "numpy", "PIL", "yaml") if importlib.util.find_spec(name) is None]
if MISSING:
    raise WorkflowError(
        f"this Snakemake's Python has no {', '.join(MISSING)}: use the study's environment, as in `make study`, or "
        "`make study OPTIONS=-n` to look only"
    )


include: "rules/workarounds.smk"
include: "rules/samples.smk"


CHECKOUT = own_folder(workflow)
sys.path.insert(0, f"{CHECKOUT}/scripts")

if not given_configfiles(workflow):

    configfile: "config.yaml" if os.path.exists("config.yaml") else f"{CHECKOUT}/config.yaml"


collect_garbage_less()
limit_timers()
space_samples()

from study.planning import interruption

end_at_once(workflow, interruption.handle)


include: "rules/common.smk"
include: "rules/storage.smk"
include: "rules/jobs.smk"
include: "rules/images.smk"
include: "rules/training.smk"
include: "rules/weights.smk"
include: "rules/codecs.smk"
include: "rules/scores.smk"
include: "rules/error_maps.smk"
include: "rules/latents.smk"
include: "rules/tables.smk"
include: "rules/timing.smk"
include: "rules/figures.smk"
include: "rules/comparisons.smk"
include: "rules/head_to_head.smk"
include: "rules/latent_figures.smk"
include: "rules/claims.smk"
include: "rules/opinions.smk"
include: "rules/exports.smk"
include: "rules/shown.smk"
include: "rules/page.smk"


if environment.container():

    container: environment.container()


rule all:
    default_target: True
    input:
        f"{STUDY}/complete.txt",
        f"{STUDY}/index.html",


if STORED:
    ungroup(workflow.rules)
keep_signatures(workflow.rules)

PROGRESS = progress.Progress()
if workflow.is_main_process:
    show_progress(workflow, PROGRESS, progress.Texts(), progress.FullDisk(PROGRESS.write))


onstart:
    if workflow.is_main_process:
        hold_results()
        if workflow.local_exec and preloaded.start():
            benchmark_forks(preloaded.Family)


onsuccess:
    PROGRESS.close()
    print(
        progress.in_storage(STORED, f"{PREFIX.rstrip('/')}/{STUDY}") if STORED else progress.closing(STUDY),
        file=sys.stderr,
    )


onerror:
    PROGRESS.close()
    print(progress.closing(STUDY, failed=True), file=sys.stderr)
