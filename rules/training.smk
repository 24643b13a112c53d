# INPUTS:  a folder of photos (config: training.photos), the recipes (training.recipes)
# OUTPUTS: results/training/photos.npz; results/training/{model}/{quality}.safetensors and its log, .csv;
#          results/studies/{study}/figures/training/{model}.pdf and .png

if TRAINING:

    rule pack_photos:
        input:
            TRAINING.photos,
        output:
            "results/training/photos.npz",
        log:
            "results/logs/training/photos.log",
        conda:
            "../envs/study.yaml"
        params:
            folder=config["training"]["photos"],
            code=code("pack_photos.py"),
        shell:
            "python scripts/pack_photos.py --folder {params.folder:q} --out {output:q} > {log:q} 2>&1"

    rule train:
        input:
            photos="results/training/photos.npz",
            start=lambda w: TRAINING.start(w.model, w.quality),
        output:
            weights="results/training/{model}/{quality}.safetensors",
            table="results/training/{model}/{quality}.csv",
        log:
            "results/logs/training/{model}/{quality}.log",
        conda:
            "../envs/study.yaml"
        params:
            recipe=lambda w: TRAINING.options(w.model, w.quality),
            code=code("train.py"),
            lock=lock("study"),
        shell:
            "python scripts/train.py --photos {input.photos:q} {params.recipe}"
            " --checkpoint results/training/{wildcards.model}/{wildcards.quality}.checkpoint"
            " --log {output.table:q} --out {output.weights:q} 2> {log:q}"


if TRAINING and PLAN.trained():

    rule plot_training:
        input:
            lambda w: expand("results/training/{model}/{quality}.csv", model=w.model, quality=PLAN.trained()[w.model]),
        output:
            report(f"{STUDY}/figures/training/{{model}}.png", caption="report/training.rst", category="Training"),
            f"{STUDY}/figures/training/{{model}}.pdf",
        log:
            f"results/logs/studies/{PLAN.name}/plot_training/{{model}}.log",
        wildcard_constraints:
            model="|".join(map(re.escape, PLAN.trained())),
        conda:
            "../envs/study.yaml"
        params:
            code=code("plot_training.py"),
            lock=lock("study"),
        shell:
            "python scripts/plot_training.py --tables {input:q} --title {wildcards.model:q} --out {output:q} 2> {log:q}"
