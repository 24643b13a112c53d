# INPUTS:  everything that the study makes (tables, figures, exports), and the records of its cells and of their error maps
# OUTPUTS: results/studies/{study}/index.html, with files/ (hard links) and page/ (the chart library) beside it

from study.page import build as page_build


rule page:
    input:
        plan=lambda w: page_spec(MORE),
        files=payloads.records(PLAN),
        maps=PLAN.error_maps(),
        more=lambda w: collect(f"{STUDY}/{{name}}", name=MORE),
    output:
        f"{STUDY}/index.html",
    log:
        results.log(f"{LOGS}/page"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        parts=page_build.parts_hash(),
        code=code("page.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/page.py --plan {{input.plan:q}} --out {{output:q}} 2> {{log:q}}"
