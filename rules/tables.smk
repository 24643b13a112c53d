# INPUTS:  the records of all cells of the study (images, bitstreams, decoded images, scores)
# OUTPUTS: results/studies/{study}/rd.csv, rd.parquet, means.csv, codecs.csv, bd.csv, complexity.csv,
#          complete.txt


rule aggregate:
    input:
        images=expand("results/images/{part}/images.csv", part=PLAN.part_names()),
        scores=PLAN.scores.records(PLAN.cell_paths()),
    output:
        rd=report(f"{STUDY}/rd.csv", caption="report/rd.rst", category="Tables"),
        parquet=f"{STUDY}/rd.parquet",
        means=report(f"{STUDY}/means.csv", caption="report/means.rst", category="Tables"),
        codecs=report(f"{STUDY}/codecs.csv", caption="report/codecs.rst", category="Tables"),
    log:
        f"results/logs/studies/{PLAN.name}/aggregate.log",
    conda:
        "../envs/study.yaml"
    params:
        plan=lambda w: PLAN.tables(),
        code=code("aggregate.py"),
        lock=lock("study"),
    shell:
        f"printf %s {{params.plan:q}} | python scripts/aggregate.py --plan - --out {STUDY} 2> {{log:q}}"


rule bd_rate:
    input:
        f"{STUDY}/rd.csv",
    output:
        report(f"{STUDY}/bd.csv", caption="report/bd.rst", category="Tables"),
    log:
        f"results/logs/studies/{PLAN.name}/bd_rate.log",
    conda:
        "../envs/study.yaml"
    params:
        options=PLAN.bd_options(),
        code=code("bd_rate.py"),
        lock=lock("study"),
    shell:
        "python scripts/bd_rate.py --rd {input:q} {params.options} --out {output:q} > {log:q} 2>&1"


rule complexity:
    input:
        [path for cell in PLAN.weighted() for path in PLAN.weights(*cell)],
    output:
        report(f"{STUDY}/complexity.csv", caption="report/complexity.rst", category="Tables"),
    log:
        f"results/logs/studies/{PLAN.name}/complexity.log",
    conda:
        "../envs/study.yaml"
    params:
        plan=lambda w: PLAN.complexity(),
        code=code("codec_table.py", *PLAN.backends(*(codec for codec, _ in PLAN.weighted()))),
        lock=lock("study"),
    shell:
        "printf %s {params.plan:q} | python scripts/codec_table.py --plan - --out {output:q} 2> {log:q}"


rule check_cells:
    input:
        rd=f"{STUDY}/rd.csv",
        page=f"{STUDY}/index.html",  # which needs all the study's products
    output:
        f"{STUDY}/complete.txt",
    log:
        f"results/logs/studies/{PLAN.name}/check_cells.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=code("check_cells.py"),
    shell:
        "python scripts/check_cells.py --rd {input.rd:q} --out {output:q} 2> {log:q}"
