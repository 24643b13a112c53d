# INPUTS:  the study's rd.csv and codecs.csv
# OUTPUTS: results/studies/{study}/head_to_head.csv and figures/{set}/head_to_head-{metric} (.png and vector forms), for a study with
#          BD-rates


rule head_to_head:
    input:
        f"{STUDY}/rd.csv",
    output:
        report(f"{STUDY}/head_to_head.csv", caption="report/head_to_head.rst", category="Tables"),
    log:
        results.log(f"{LOGS}/head_to_head"),
    conda:
        "../envs/study.yaml"
    params:
        options=lambda w: options({name: getattr(PLAN.study.bd_rate, name) for name in ("metrics", "min_overlap")}),
        code=code("head_to_head.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/head_to_head.py --rd {{input:q}} {{params.options}} --out {{output:q}} 2> {{log:q}}"


rule plot_head_to_head:
    input:
        table=f"{STUDY}/head_to_head.csv",
        codecs=f"{STUDY}/codecs.csv",
        images=lambda w: PLAN.image_records(w.set),
    output:
        report(
            f"{FIGURES}/{{set}}/head_to_head-{{metric}}.png", caption="report/plot_head_to_head.rst", category="{set}"
        ),
        vector(f"{FIGURES}/{{set}}/head_to_head-{{metric}}"),
    log:
        results.log(f"{LOGS}/plot_head_to_head/{{set}}-{{metric}}"),
    wildcard_constraints:
        metric="[a-z0-9_]+",
    conda:
        "../envs/study.yaml"
    params:
        anchor=lambda w: PLAN.study.bd_rate.anchors[0],
        paper=PAPER,
        code=code("plot_head_to_head.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/plot_head_to_head.py --head_to_head {{input.table:q}} --codecs {{input.codecs:q}}"
        " --images {input.images:q} --metric {wildcards.metric:q} --anchor {params.anchor:q} --set {wildcards.set:q}"
        " {params.paper} --out {output:q} 2> {log:q}"
