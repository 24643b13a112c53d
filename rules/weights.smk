# INPUTS:  none: weights come from the mirror folder, the cache or their publisher; bundled ones lie in models/
# OUTPUTS: results/weights/{file}, verified by its hash: so the code that fetched it is no reason to fetch it again


rule fetch_weights:
    output:
        "results/weights/{file}",
    log:
        "results/logs/weights/{file}.log",
    retries: 2
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        source=lambda w: PLAN.weights_job(w.file),
    shell:
        "python scripts/fetch_weights.py {params.source} --out {output:q} 2> {log:q}"
