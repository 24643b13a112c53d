# INPUTS:  the study's tables (rd.csv, means.csv, codecs.csv, bd.csv), the papers (references/)
# OUTPUTS: results/studies/{study}/exports/: compressai/{set}/{codec}.json, codec-compare/{set}.json and
#          {set}/{codec}.json, bd_rate.tex (for a study with BD-rates), papers.bib


rule exports:
    input:
        tables=expand(f"{STUDY}/{{table}}.csv", table=["rd", "means", "codecs"]),
        bd=f"{STUDY}/bd.csv" if "bd_rate" in config else [],
        papers=["references/papers.bib", "references/citations.yaml"],
    output:
        PLAN.export_files(f"{STUDY}/exports"),
    log:
        f"results/logs/studies/{PLAN.name}/exports.log",
    conda:
        "../envs/study.yaml"
    params:
        plan=lambda w: PLAN.exports(),
        code=code("exports.py"),
        lock=lock("study"),
    shell:
        f"printf %s {{params.plan:q}} | python scripts/exports.py --study {STUDY} --plan - --out {STUDY}/exports 2> {{log:q}}"
