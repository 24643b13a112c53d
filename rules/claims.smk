# INPUTS:  the study's tables (rd.csv, means.csv); published figures (references/)
# OUTPUTS: results/studies/{study}/claims.csv, claims_comparisons.csv (for a study that tests claims), published.csv,
#          published_check.csv (for a study of an image set with published figures)


rule claims:
    input:
        f"{STUDY}/rd.csv",
    output:
        report(f"{STUDY}/claims.csv", caption="report/claims.rst", category="Claims"),
        report(f"{STUDY}/claims_comparisons.csv", caption="report/claims_comparisons.rst", category="Claims"),
    log:
        f"results/logs/studies/{PLAN.name}/claims.log",
    conda:
        "../envs/study.yaml"
    params:
        plan=lambda w: PLAN.claims(),
        code=code("claims.py"),
        lock=lock("study"),
    shell:
        f"printf %s {{params.plan:q}} | python scripts/claims.py --rd {{input:q}} --plan - --out {STUDY} > {{log:q}} 2>&1"


rule published:
    input:
        means=f"{STUDY}/means.csv",
        references=PLAN.published_files(),
    output:
        report(f"{STUDY}/published.csv", caption="report/published.rst", category="Published figures"),
        report(f"{STUDY}/published_check.csv", caption="report/published_check.rst", category="Published figures"),
    log:
        f"results/logs/studies/{PLAN.name}/published.log",
    conda:
        "../envs/study.yaml"
    params:
        plan=lambda w: PLAN.published(),
        code=code("published.py"),
        lock=lock("study"),
    shell:
        "printf %s {params.plan:q} | python scripts/published.py --means {input.means:q} --plan -"
        f" --out {STUDY} > {{log:q}} 2>&1"
