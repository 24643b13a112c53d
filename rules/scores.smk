# INPUTS:  results/images/{set}/images.csv, results/decoded/{set}/{codec}/{quality}/decoded.csv and their images
# OUTPUTS: results/scores/{set}/{codec}/{quality}/{group}.csv, the metrics of one group of the registry:
#          `cheap` by the rule score, each group of costly metrics by a job of score_group that loads what it
#          needs once for all images

try_failed_again(f"{STUDY}/rd.csv", PLAN.scores.records(PLAN.cells()))


rule score:
    input:
        beside=files_of([results.images("{set}"), CELL.decoded()]),
        images=results.images("{set}"),
        decoded=CELL.decoded(),
        again=retried(CELL.scores("{group}")),
    output:
        CELL.scores(metric_registry.CHEAP),
    log:
        results.log(f"score/{CELL.path}"),
    benchmark:
        results.benchmark(f"score/{CELL.path}")
    group:
        lambda w: PLAN.group(w.codec)
    conda:
        "../envs/study.yaml"
    params:
        metrics=scored(metric_registry.recipes),
        engine=PLAN.study.engine,
        code=scored(lambda names: code("score.py", *metric_registry.modules(names))),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/score.py --images {{input.images:q}} --decoded {{input.decoded:q}}"
        " --metrics {params.metrics:q} --engine {params.engine} --out {output:q} 2> {log:q}"


use rule score as score_group with:
    output:
        CELL.scores("{group}"),
    log:
        results.log(f"score_{{group}}/{CELL.path}"),
    benchmark:
        results.benchmark(f"score_{{group}}/{CELL.path}")
