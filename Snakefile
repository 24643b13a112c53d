"""A study of image codecs: images -> bitstreams -> images -> scores -> tables and figures."""

import sys

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

min_version("9.27")

if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


sys.path.insert(0, f"{workflow.basedir}/scripts")


include: "rules/common.smk"
include: "rules/images.smk"
include: "rules/training.smk"
include: "rules/weights.smk"
include: "rules/codecs.smk"
include: "rules/scores.smk"
include: "rules/latents.smk"
include: "rules/tables.smk"
include: "rules/figures.smk"
include: "rules/latent_figures.smk"
include: "rules/claims.smk"
include: "rules/exports.smk"
include: "rules/page.smk"


rule all:
    default_target: True
    input:
        f"{STUDY}/complete.txt",
        f"{STUDY}/index.html",


remember_signatures(workflow.rules)

if workflow.is_main_process:
    logger.addHandler(progress.Progress())


onstart:
    if workflow.is_main_process:
        hold_results()


onsuccess:
    print(progress.closing(STUDY), file=sys.stderr)


onerror:
    print(progress.closing(STUDY, failed=True), file=sys.stderr)
