# INPUTS:  a folder of photos (config: training.photos), the recipes (training.recipes)
# OUTPUTS: results/training/photos.npz; results/training/{model}/{quality}.safetensors and its log, .csv;
#          results/studies/{study}/figures/training/{model}.png, .pdf

TRAINED = PLAN.trained()

if TRAINING:

    rule pack_photos:
        input:
            photos=[as_given(photo) for photo in TRAINING.photos],
            manifest=by_content(TRAINING.manifest),
        output:
            results.training("photos.npz"),
        log:
            results.log("training/photos"),
        conda:
            "../envs/study.yaml"
        params:
            folder=PLAN.study.training.photos,
            manifest=options({"manifest": PLAN.study.training.manifest}),
            content=content_of(TRAINING.manifest),
            code=code("pack_photos.py"),
        shell:
            f"python {SCRIPTS}/pack_photos.py --folder {{params.folder:q}} {{params.manifest}}"
            " --out {output:q} > {log:q} 2>&1"

    rule train:
        input:
            photos=results.training("photos.npz"),
            manifest=by_content(TRAINING.manifest),
            start=lambda w: [as_given(weights) for weights in TRAINING.start(w.model, w.quality)],
        output:
            weights=results.training("{model}/{quality}.safetensors"),
            table=results.training("{model}/{quality}.csv"),
        log:
            results.log("training/{model}/{quality}"),
        benchmark:
            results.benchmark("training/{model}/{quality}")
        conda:
            "../envs/study.yaml"
        params:
            recipe=lambda w: options(TRAINING.options(w.model, w.quality) | {"manifest": PLAN.study.training.manifest}),
            checkpoint=results.training("{model}/{quality}.checkpoint"),
            code=code("train.py"),
            lock=lock("study"),
        shell:
            f"python {SCRIPTS}/train.py --photos {{input.photos:q}} {{params.recipe}}"
            " --checkpoint {params.checkpoint:q} --log {output.table:q} --out {output.weights:q} 2> {log:q}"


if TRAINING and TRAINED:

    rule plot_training:
        input:
            lambda w: collect(results.training("{model}/{quality}.csv"), model=w.model, quality=TRAINED[w.model]),
        output:
            report(f"{STUDY}/figures/training/{{model}}.png", caption="report/training.rst", category="Training"),
            vector(f"{STUDY}/figures/training/{{model}}"),
        log:
            results.log(f"{LOGS}/plot_training/{{model}}"),
        wildcard_constraints:
            model=any_of(TRAINED),
        conda:
            "../envs/study.yaml"
        params:
            paper=PAPER,
            code=code("plot_training.py"),
            lock=lock("study"),
        shell:
            f"python {SCRIPTS}/plot_training.py --tables {{input:q}} --title {{wildcards.model:q}}"
            " {params.paper} --out {output:q} 2> {log:q}"
