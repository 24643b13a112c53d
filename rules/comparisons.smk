# INPUTS:  the study's tables (rd.csv, means.csv, codecs.csv, bd.csv)
# OUTPUTS: results/studies/{study}/figures/{set}/: bd_rate, time and rank_agreement (.png and vector forms)


rule plot_bd_rate:
    input:
        bd=f"{STUDY}/bd.csv",
        codecs=f"{STUDY}/codecs.csv",
        images=lambda w: PLAN.image_records(w.set),
    output:
        figure("bd_rate"),
    log:
        results.log(f"{LOGS}/plot_bd_rate/{{set}}"),
    conda:
        "../envs/study.yaml"
    params:
        paper=PAPER,
        code=code("plot_bd.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/plot_bd.py --bd {{input.bd:q}} --codecs {{input.codecs:q}}"
        " --images {input.images:q} --set {wildcards.set:q} {params.paper} --out {output:q} 2> {log:q}"


rule plot_time:
    input:
        means=f"{STUDY}/means.csv",
        codecs=f"{STUDY}/codecs.csv",
        bd=f"{STUDY}/bd.csv" if PLAN.study.bd_rate else [],
        timing=f"{STUDY}/timing.csv" if PLAN.study.timing else [],
    output:
        figure("time"),
    log:
        results.log(f"{LOGS}/plot_time/{{set}}"),
    conda:
        "../envs/study.yaml"
    params:
        more=options(
            {
                "bd": f"{STUDY}/bd.csv" if PLAN.study.bd_rate else None,
                "timing": f"{STUDY}/timing.csv" if PLAN.study.timing else None,
            }
        ),
        drawing=options({name: getattr(PLAN.study.figures, name) for name in ("rate_axis", "max_bpp")}),
        paper=PAPER,
        code=code("plot_time.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/plot_time.py --means {{input.means:q}} --codecs {{input.codecs:q}}"
        " {params.more} {params.drawing} {params.paper} --set {wildcards.set:q} --out {output:q} 2> {log:q}"


rule plot_rank_agreement:
    input:
        rd=f"{STUDY}/rd.csv",
        codecs=f"{STUDY}/codecs.csv",
    output:
        figure("rank_agreement"),
    log:
        results.log(f"{LOGS}/plot_rank_agreement/{{set}}"),
    conda:
        "../envs/study.yaml"
    params:
        metrics=PLAN.study.metrics,
        paper=PAPER,
        code=code("plot_rank_agreement.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/plot_rank_agreement.py --rd {{input.rd:q}} --codecs {{input.codecs:q}}"
        " --set {wildcards.set:q} --metrics {params.metrics:q} {params.paper} --out {output:q} 2> {log:q}"
