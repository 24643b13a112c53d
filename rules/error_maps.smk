# INPUTS:  results/images/{set}/images.csv, results/decoded/{set}/{codec}/{quality}/decoded.csv and their images
# OUTPUTS: results/error_maps/{set}/{codec}/{quality}/flip.csv, FLIP's maps beside it, for a study that names the metric


rule error_map:
    input:
        beside=files_of([results.images("{set}"), CELL.decoded()]),
        images=results.images("{set}"),
        decoded=CELL.decoded(),
    output:
        record=CELL.error_maps(),
        beside=beside(CELL.error_maps()),
    log:
        results.log(f"error_map/{CELL.path}"),
    group:
        lambda w: PLAN.group(w.codec)
    conda:
        "../envs/study.yaml"
    params:
        generation=lambda w: generation_of(generation, CELL.error_maps().format(**dict(w.items())), flip_runs),
        code=code("error_maps.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/error_maps.py --images {{input.images:q}} --decoded {{input.decoded:q}}"
        " --generation {params.generation} --out {output.record:q} 2> {log:q}"
