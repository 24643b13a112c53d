# INPUTS:  everything that the study makes (tables, figures, exports), and the records of its cells and of their error maps
# OUTPUTS: results/studies/{study}/index.html, with files/ (hard links) and page/ (the chart library) beside it

from study.page import build as page_build


rule page:
    input:
        beside=carried(
            [
                *map(os.path.dirname, shown_records() + PLAN.error_maps() + edited_images()),
                *payloads.figure_folders(PLAN),
            ]
        ),
        plan=lambda w: page_spec(MORE),
        files=payloads.records(PLAN),
        maps=PLAN.error_maps(),
        also=also(shown_records() + edited_images()),
        more=lambda w: collect(f"{STUDY}/{{name}}", name=MORE),
    output:
        record=f"{STUDY}/index.html",
        beside=carried_folder(f"{STUDY}/files"),
        parts=carried_folder(f"{STUDY}/page"),
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
        f"python {SCRIPTS}/page.py --plan {{input.plan:q}} --out {ONE_OUTPUT} 2> {{log:q}}"
