# INPUTS:  results/images/{set}/images.csv, results/decoded/{set}/{codec}/{quality}/decoded.csv and their images
# OUTPUTS: results/scores/{set}/{codec}/{quality}.csv, every metric of the registry


rule score:
    input:
        images="results/images/{set}/images.csv",
        decoded="results/decoded/{set}/{codec}/{quality}/decoded.csv",
    output:
        "results/scores/{set}/{codec}/{quality}.csv",
    log:
        "results/logs/score/{set}/{codec}/{quality}.log",
    group:
        lambda w: PLAN.group(w.codec)
    conda:
        "../envs/study.yaml"
    params:
        engine=config["engine"],
        code=code("score.py", *metric_registry.modules(metric_registry.REGISTRY)),
        lock=lock("study"),
    shell:
        "python scripts/score.py --images {input.images:q} --decoded {input.decoded:q}"
        " --engine {params.engine} --out {output:q} 2> {log:q}"
