# INPUTS:  results/images/{set}/images.csv and its images; results/latents/{set}/{codec}/{quality}/{latents,impulse}.csv
#          and their arrays; results/edits/{study}/{experiment}/{set}/{codec}/{quality}/{encoded,decoded,scores}.csv and the
#          images; for a codec's own curve, records of its other qualities; references/epfl2021.csv
# OUTPUTS: results/latents/{set}/{codec}/{quality}/impulse.csv, impulse.npz beside it
#          results/studies/{study}/figures/latents/{experiment}/{set}/{codec}/{quality}/figures.csv and the figures that
#          it lists, {figure}-{image}[-{edit}].png and .pdf


import os


rule latent_impulse:
    input:
        latents="results/latents/{set}/{codec}/{quality}/latents.csv",
        weights=lambda w: PLAN.weights(w.codec, w.quality),
    output:
        "results/latents/{set}/{codec}/{quality}/impulse.csv",
    log:
        "results/logs/latents/{set}/{codec}/{quality}.impulse.log",
    conda:
        lambda w: PLAN.conda(w.codec)
    params:
        python=lambda w: PLAN.python(w.codec),
        spec=lambda w: PLAN.spec(w.codec),
        weights=lambda w: PLAN.weights_option(w.codec, w.quality),
        code=lambda w: PLAN.code("latent_impulse.py", w.codec),
        generation=lambda w: PLAN.generation(
            f"results/latents/{w.set}/{w.codec}/{w.quality}/impulse.csv", w.codec, w.quality
        ),
    shell:
        "{params.python} scripts/latent_impulse.py --codec {wildcards.codec:q} --quality {wildcards.quality:q}"
        " --spec {params.spec:q} {params.weights} --latents {input.latents:q}"
        " --generation {params.generation} --out {output:q} 2> {log:q}"


for job in figure_plan.jobs(PLAN):

    rule:
        name:
            f"latent_figures_{job.experiment}_{job.part}_{job.codec}_{job.quality}"
        input:
            figure_plan.inputs(PLAN, job),
        output:
            f"{FIGURES}/latents/{job.experiment}/{job.path}/figures.csv",
            figure_plan.files(PLAN, job, f"{FIGURES}/latents/{job.experiment}/{job.path}"),
            *[
                report(
                    f"{FIGURES}/latents/{job.experiment}/{job.path}/{each.stem}.png",
                    caption=f"report/latent_{each.figure}.rst",
                    category="Latents",
                    subcategory=job.experiment,
                    labels=figure_plan.labels(job, each),
                )
                for each in figure_plan.drawn(PLAN, job)
            ],
        log:
            f"results/logs/studies/{PLAN.name}/latent_figures/{job.experiment}/{job.path}.log",
        group:
            "figures"
        conda:
            "../envs/study.yaml"
        params:
            figures=lambda w, told=figure_plan.option(PLAN, job): told,
            folder=lambda w, output: os.path.dirname(output[0]),  # a command sees the loop's last value
            code=code("plot_latents.py"),
            lock=lock("study"),
        shell:
            "printf %s {params.figures:q} | python scripts/plot_latents.py --figures - --out {params.folder:q} 2> {log:q}"
