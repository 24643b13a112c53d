# INPUTS:  results/images/{set}/images.csv and its images; results/latents/{set}/{codec}/{quality}/latents.csv and its
#          arrays; the records and images of results/edits/{study}/{experiment}/{set}/{codec}/{quality}/; for a codec's
#          own curve, records of its other qualities; the repository's references/epfl2021.csv
# OUTPUTS: results/impulses/{set}/{codec}/{quality}/impulse.csv, impulse.npz beside it
#          results/studies/{study}/figures/latents/{experiment}/{set}/{codec}/{quality}/figures.csv and the figures that
#          it lists, drawn/{figure}-{image}[-{edit}].png, .pdf

DRAWN = f"{FIGURES}/latents/{{experiment}}/{CELL.path}"


rule latent_impulse:
    input:
        **codec_input,
        beside=files_of([CELL.latents()]),
        latents=CELL.latents(),
    output:
        record=CELL.impulse(),
        beside=beside(CELL.impulse()),
    log:
        results.log(f"latents/{CELL.path}.impulse"),
    conda:
        lambda w: f"../envs/{PLAN.environment(w.codec)}.yaml"
    params:
        **codec_params("latent_impulse.py", CELL.impulse()),
    shell:
        codec_command("--latents {input.latents:q}")


rule latent_figures:
    input:
        beside=lambda w: files_of(figure_plan.inputs(PLAN, figure_job(w))),
        spec=figure_spec,
        records=lambda w: figure_plan.inputs(PLAN, figure_job(w)),
    output:
        record=f"{DRAWN}/figures.csv",
        figures=report(
            directory(f"{DRAWN}/drawn"),
            patterns=["{figure,[a-z_]+}-{image}.png"],
            caption="report/latent_figures.rst",
            category="Latents",
            subcategory="{experiment}",
            labels={"image": "{image}", "figure": "{figure}", "codec": "{codec}", "quality": "{quality}"},
        ),
    log:
        results.log(f"{LOGS}/latent_figures/{{experiment}}/{CELL.path}"),
    group:
        "figures"
    conda:
        "../envs/study.yaml"
    params:
        tables=lambda w: [content(table) for table in figure_plan.tables(PLAN, figure_job(w))],
        generation=lambda w: generation_of(generation, f"{DRAWN}/figures.csv".format(**dict(w.items()))),
        code=code("plot_latents.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/plot_latents.py --figures {{input.spec:q}} --generation {{params.generation}} --out {{output.figures:q}} --record {{output.record:q}} 2> {{log:q}}"
