# INPUTS:  the study's tables (rd.csv, means.csv, codecs.csv, bd.csv), the papers (the repository's references/)
# OUTPUTS: results/studies/{study}/exports/: compressai/{set}/{codec}.json, codec-compare/{set}.json and
#          {set}/{codec}.json, bd_rate.tex (for a study with BD-rates), papers.bib


rule exports:
    input:
        plan=lambda w: spec(f"{LOGS}/exports", payloads.exports(PLAN, shown_templates())),
        tables=collect(f"{STUDY}/{{table}}.csv", table=["rd", "means", "codecs"]),
        bd=f"{STUDY}/bd.csv" if PLAN.study.bd_rate else [],
    output:
        payloads.export_files(PLAN, f"{STUDY}/exports"),
    log:
        results.log(f"{LOGS}/exports"),
    conda:
        "../envs/study.yaml"
    params:
        papers=[content(f"references/{name}") for name in ("papers.bib", "citations.yaml")],
        code=code("exports.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/exports.py --study {STUDY} --plan {{input.plan:q}} --out {STUDY}/exports 2> {{log:q}}"
