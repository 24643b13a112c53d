# INPUTS:  the study's tables (rd.csv, means.csv, latents/{experiment}/edits.csv); published figures (references/)
# OUTPUTS: results/studies/{study}/claims.csv, claims_comparisons.csv, claims_edits.csv (for a study that tests claims), published.csv,
#          published_check.csv, published_bd.csv (for a study of an image set with published figures)


rule claims:
    input:
        plan=lambda w: spec(f"{LOGS}/claims", payloads.claims(PLAN)),
        rd=f"{STUDY}/rd.csv",
        edits=lambda w: payloads.claimed_edits(PLAN, STUDY),
    output:
        report(f"{STUDY}/claims.csv", caption="report/claims.rst", category="Claims"),
        report(f"{STUDY}/claims_comparisons.csv", caption="report/claims_comparisons.rst", category="Claims"),
        report(f"{STUDY}/claims_edits.csv", caption="report/claims_edits.rst", category="Claims"),
    log:
        results.log(f"{LOGS}/claims"),
    conda:
        "../envs/study.yaml"
    params:
        report=content("references/epfl2021.csv"),
        code=code("claims.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/claims.py --rd {{input.rd:q}} --edits {{input.edits:q}}"
        f" --plan {{input.plan:q}} --out {STUDY} > {{log:q}} 2>&1"


rule published:
    input:
        plan=lambda w: spec(f"{LOGS}/published", payloads.published(PLAN)),
        means=f"{STUDY}/means.csv",
    output:
        report(f"{STUDY}/published.csv", caption="report/published.rst", category="Published figures"),
        report(f"{STUDY}/published_check.csv", caption="report/published_check.rst", category="Published figures"),
        report(f"{STUDY}/published_bd.csv", caption="report/published_bd.rst", category="Published figures"),
    log:
        results.log(f"{LOGS}/published"),
    conda:
        "../envs/study.yaml"
    params:
        tables=[content(table) for table in payloads.published_tables(PLAN)],
        code=code("published.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/published.py --means {{input.means:q}} --plan {{input.plan:q}} --out {STUDY} > {{log:q}} 2>&1"
