# INPUTS:  results/images/{set}/images.csv, results/decoded/{set}/{codec}/{quality}/decoded.csv and their images
# OUTPUTS: results/scores/{set}/{codec}/{quality}/{group}.csv, the metrics of one group of the registry:
#          `cheap` by the rule score, each group of costly metrics by a job of score_group that loads what it
#          needs once for all images


def scored(of):
    """What `of` tells of the metrics of a job's record."""
    return lambda w: of(PLAN.scores.metrics(f"{w.set}/{w.codec}/{w.quality}", w.get("group", metric_registry.CHEAP)))


rule score:
    input:
        images="results/images/{set}/images.csv",
        decoded="results/decoded/{set}/{codec}/{quality}/decoded.csv",
    output:
        f"results/scores/{{set}}/{{codec}}/{{quality}}/{metric_registry.CHEAP}.csv",
    log:
        "results/logs/score/{set}/{codec}/{quality}.log",
    group:
        lambda w: PLAN.group(w.codec)
    conda:
        "../envs/study.yaml"
    params:
        metrics=scored(metric_registry.recipes),
        engine=config["engine"],
        code=scored(lambda names: code("score.py", *metric_registry.modules(names))),
        lock=lock("study"),
    shell:
        "python scripts/score.py --images {input.images:q} --decoded {input.decoded:q}"
        " --metrics {params.metrics:q} --engine {params.engine} --out {output:q} 2> {log:q}"


use rule score as score_group with:
    output:
        "results/scores/{set}/{codec}/{quality}/{group}.csv",
    log:
        "results/logs/score_{group}/{set}/{codec}/{quality}.log",
