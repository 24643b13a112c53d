# INPUTS:  the study's tables (rd.csv, means.csv, codecs.csv); the original images
# OUTPUTS: results/studies/{study}/figures/{set}/: originals and average (.png and vector forms), images.csv and what it
#          lists, images/{image}.png, .pdf

DRAWING = options(PLAN.study.figures.curves)


rule plot_originals:
    input:
        beside=lambda w: files_of(PLAN.image_records(w.set)),
        images=lambda w: PLAN.image_records(w.set),
    output:
        figure("originals"),
    log:
        results.log(f"{LOGS}/plot_originals/{{set}}"),
    conda:
        "../envs/study.yaml"
    params:
        paper=PAPER,
        code=code("plot_originals.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/plot_originals.py --images {ONE_INPUT} --set {{wildcards.set:q}}"
        " {params.paper} --out {output:q} 2> {log:q}"


rule plot_images:
    input:
        rd=f"{STUDY}/rd.csv",
        codecs=f"{STUDY}/codecs.csv",
        images=lambda w: PLAN.image_records(w.set),
    output:
        record=f"{FIGURES}/{{set}}/images.csv",
        figures=report(
            directory(f"{FIGURES}/{{set}}/images"),
            patterns=["{image}.png"],
            caption="report/images.rst",
            category="{set}",
            labels={"figure": "{image}"},
        ),
    log:
        results.log(f"{LOGS}/plot_images/{{set}}"),
    group:
        "figures"
    conda:
        "../envs/study.yaml"
    params:
        drawing=DRAWING,
        paper=PAPER,
        vector=options({"vector": PLAN.study.figures.vector}),
        generation=lambda w: generation_of(generation, f"{FIGURES}/{w.set}/images.csv"),
        code=code("plot_images.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/plot_images.py --rd {{input.rd:q}} --codecs {{input.codecs:q}} {{params.drawing}}"
        " --images {input.images:q} --set {wildcards.set:q} {params.paper} {params.vector} --generation {params.generation}"
        " --out {output.figures:q} --record {output.record:q} 2> {log:q}"


rule plot_average:
    input:
        means=f"{STUDY}/means.csv",
        codecs=f"{STUDY}/codecs.csv",
        images=lambda w: PLAN.image_records(w.set),
        published=lambda w: payloads.drawn_curves(PLAN, w.set),
    output:
        figure("average"),
    log:
        results.log(f"{LOGS}/plot_average/{{set}}"),
    conda:
        "../envs/study.yaml"
    params:
        drawing=DRAWING,
        paper=PAPER,
        published=lambda w, input: f"--published {shlex.quote(input.published[0])}" if input.published else "",
        code=code("plot_average.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/plot_average.py --means {{input.means:q}} --codecs {{input.codecs:q}} {{params.drawing}}"
        " {params.published} --images {input.images:q} --set {wildcards.set:q} {params.paper} --out {output:q} 2> {log:q}"
