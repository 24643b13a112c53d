# INPUTS:  the study's tables (rd.csv, means.csv, codecs.csv)
# OUTPUTS: results/studies/{study}/tables.tar.gz


rule archive:
    input:
        collect(f"{STUDY}/{{table}}.csv", table=["rd", "means", "codecs"]),
    output:
        f"{STUDY}/tables.tar.gz",
    log:
        results.log(f"{LOGS}/archive"),
    conda:
        "../envs/study.yaml"
    shell:
        "tar --create --gzip --file {output:q} {input:q} 2> {log:q}"


MORE += ["tables.tar.gz"]
