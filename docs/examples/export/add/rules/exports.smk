

rule export_markdown:
    input:
        f"{STUDY}/means.csv",
    output:
        f"{STUDY}/exports/means.md",
    log:
        results.log(f"{LOGS}/export_markdown"),
    conda:
        "../envs/study.yaml"
    params:
        metric=config["metrics"][0],
        code=code("export_markdown.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/export_markdown.py --means {{input:q}} --metric {{params.metric:q}} --out {{output:q}} 2> {{log:q}}"


MORE += ["exports/means.md"]
