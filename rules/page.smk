# INPUTS:  everything that the study makes (tables, figures, exports), and the records of its cells
# OUTPUTS: results/studies/{study}/provenance.json: machine, packages, what a run made and what it reused
#          results/studies/{study}/index.html, with images/ (hard links) and page/ (the chart library) beside it

import os

from study.page import build as page_build, rule_graph as page_graph

AUDIT = [name for name in ("audit.csv",) if os.path.exists(f"{STUDY}/{name}")]


rule provenance:
    input:
        f"{STUDY}/rd.csv",
    output:
        f"{STUDY}/provenance.json",
    log:
        f"results/logs/studies/{PLAN.name}/provenance.log",
    conda:
        "../envs/study.yaml"
    params:
        plan=lambda w: PLAN.tables(),
        code=code("provenance.py"),
        lock=lock("study"),
    shell:
        "printf %s {params.plan:q} | python scripts/provenance.py --plan - --out {output:q} 2> {log:q}"


rule page:
    input:
        [path for path in PLAN.products(STUDY) if path != f"{STUDY}/index.html"],
        expand(f"{STUDY}/{{name}}", name=AUDIT),
    output:
        f"{STUDY}/index.html",
    log:
        f"results/logs/studies/{PLAN.name}/page.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        plan=lambda w: PLAN.page(
            STUDY, page_graph.of(workflow.rules, PLAN.cells(), PLAN.parts, config["latents"]), AUDIT
        ),
        parts=page_build.parts_hash(),
        code=code("page.py"),
        lock=lock("study"),
    shell:
        "printf %s {params.plan:q} | python scripts/page.py --plan - --out {output:q} 2> {log:q}"
