# INPUTS:  results/images/{set}/images.csv, results/scores/{set}/{codec}/{quality}.csv and the records before them
# OUTPUTS: results/studies/{study}/: rd.csv, rd.parquet, means.csv, codecs.csv, bd.csv, complexity.csv, complete.txt;
#          provenance.json: machine, packages, config and code, what a run made and what it reused


rule aggregate:
    input:
        plan=lambda w: spec(f"{LOGS}/tables", payloads.tables(PLAN)),
        images=collect(results.images("{part}"), part=PLAN.part_names()),
        scores=PLAN.scores.records(PLAN.cells()),
        also=also(cell_records()),
    output:
        rd=report(f"{STUDY}/rd.csv", caption="report/rd.rst", category="Tables"),
        parquet=f"{STUDY}/rd.parquet",
        means=report(f"{STUDY}/means.csv", caption="report/means.rst", category="Tables"),
        codecs=report(f"{STUDY}/codecs.csv", caption="report/codecs.rst", category="Tables"),
    log:
        results.log(f"{LOGS}/aggregate"),
    conda:
        "../envs/study.yaml"
    params:
        code=code("aggregate.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/aggregate.py --plan {{input.plan:q}} --out {STUDY} 2> {{log:q}}"


rule bd_rate:
    input:
        f"{STUDY}/rd.csv",
    output:
        report(f"{STUDY}/bd.csv", caption="report/bd.rst", category="Tables"),
    log:
        results.log(f"{LOGS}/bd_rate"),
    conda:
        "../envs/study.yaml"
    params:
        options=options(vars(PLAN.study.bd_rate) if PLAN.study.bd_rate else {}),
        code=code("bd_rate.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/bd_rate.py --rd {{input:q}} {{params.options}} --out {{output:q}} > {{log:q}} 2>&1"


rule complexity:
    input:
        plan=lambda w: spec(f"{LOGS}/complexity", payloads.complexity(PLAN)),
        weights=[path for cell in PLAN.weighted() for path in PLAN.weights_from_jobs(*cell)],
    output:
        report(f"{STUDY}/complexity.csv", caption="report/complexity.rst", category="Tables"),
    log:
        results.log(f"{LOGS}/complexity"),
    conda:
        "../envs/study.yaml"
    params:
        code=code("codec_table.py", *PLAN.backends(*(codec for codec, _ in PLAN.weighted()))),
        weights=PLAN.bundled_weights(),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/codec_table.py --plan {{input.plan:q}} --out {{output:q}} 2> {{log:q}}"


rule provenance:
    input:
        plan=lambda w: spec(f"{LOGS}/provenance", payloads.provenance(PLAN)),
        images=collect(results.images("{part}"), part=PLAN.part_names()),
        rd=f"{STUDY}/rd.csv",
        also=also([*cell_records(), *PLAN.scores.records(PLAN.cells())]),
    output:
        f"{STUDY}/provenance.json",
    log:
        results.log(f"{LOGS}/provenance"),
    conda:
        "../envs/study.yaml"
    params:
        code=code("provenance.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/provenance.py --plan {{input.plan:q}} --out {{output:q}} 2> {{log:q}}"


rule check_cells:
    input:
        rd=f"{STUDY}/rd.csv",
        page=f"{STUDY}/index.html",  # which needs all the study's products
    output:
        f"{STUDY}/complete.txt",
    log:
        results.log(f"{LOGS}/check_cells"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=code("check_cells.py"),
    shell:
        f"python {SCRIPTS}/check_cells.py --rd {{input.rd:q}} --out {{output:q}} 2> {{log:q}}"
