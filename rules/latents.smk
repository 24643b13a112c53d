# INPUTS:  results/images/{set}/images.csv and its images; a file of weights; the experiments of the config's `latents`
# OUTPUTS: results/latents/{set}/{codec}/{quality}/latents.csv, arrays of the latents beside it (.npz)
#          results/edits/{study}/{experiment}/{set}/{codec}/{quality}/bitstreams/encoded.csv, decoded/decoded.csv, with
#          bitstreams and images of the edits beside them, and scores.csv
#          results/studies/{study}/latents/{experiment}/{edits,channels}.csv

EDITED = {
    record: results.edited(PLAN.name, "{experiment}", CELL.path, record) for record in ("encoded", "decoded", "scores")
}
EDIT_LOGS = f"edits/{PLAN.name}/{{experiment}}/{CELL.path}"

for experiment in PLAN.study.latents:
    try_failed_again(f"{STUDY}/latents/{experiment}/edits.csv", PLAN.latents.scores(experiment))


use rule encode as latents with:
    output:
        record=CELL.latents(),
        beside=beside(CELL.latents()),
    log:
        results.log(f"latents/{CELL.path}"),
    benchmark:
        results.benchmark(f"latents/{CELL.path}")
    group:
        "latents"
    params:
        **codec_params("latents.py", CELL.latents()),


rule latent_edit:
    input:
        **codec_input,
        beside=lambda w: files_of([CELL.latents().format(**dict(w.items())), *other_latents(w)]),
        edits=edit_spec,
        latents=CELL.latents(),
        reference=other_latents,
        files=lambda w: by_content(PLAN.latents.files(w.experiment)),
    output:
        record=EDITED["encoded"],
        beside=beside(EDITED["encoded"]),
    log:
        results.log(f"{EDIT_LOGS}/encode"),
    benchmark:
        results.benchmark(f"{EDIT_LOGS}/encode")
    conda:
        lambda w: f"../envs/{PLAN.environment(w.codec)}.yaml"
    threads: lambda w: PLAN.threads(w.codec)
    resources:
        **codec_resources,
    params:
        **codec_params("latent_edit.py", EDITED["encoded"]),
        files=lambda w: content_of(PLAN.latents.files(w.experiment)),
    shell:
        codec_command("--latents {input.latents:q} --edits {input.edits:q}", AGAIN)


use rule decode as latent_decode with:
    input:
        **codec_input,
        beside=files_of([EDITED["encoded"]]),
        encoded=EDITED["encoded"],
    output:
        record=EDITED["decoded"],
        beside=beside(EDITED["decoded"]),
    log:
        results.log(f"{EDIT_LOGS}/decode"),
    benchmark:
        results.benchmark(f"{EDIT_LOGS}/decode")
    group:
        "latent_decode"
    params:
        **codec_params("decode.py", EDITED["decoded"]),


rule latent_score:
    input:
        beside=files_of([results.images("{set}"), EDITED["decoded"]]),
        images=results.images("{set}"),
        edited=EDITED["encoded"],
        decoded=EDITED["decoded"],
        again=retried(EDITED["scores"]),
    output:
        EDITED["scores"],
    log:
        results.log(f"{EDIT_LOGS}/score"),
    benchmark:
        results.benchmark(f"{EDIT_LOGS}/score")
    conda:
        "../envs/study.yaml"
    params:
        metrics=metric_registry.recipes(PLAN.study.metrics),
        engine=PLAN.study.engine,
        code=code("latent_score.py", *metric_registry.modules(["psnr_rgb", *PLAN.study.metrics])),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/latent_score.py --images {{input.images:q}} --edited {{input.edited:q}}"
        " --decoded {input.decoded:q} --metrics {params.metrics:q} --engine {params.engine} --out {output:q} 2> {log:q}"


rule latent_table:
    input:
        beside=lambda w: files_of(PLAN.latents.latents(w.experiment)),
        plan=lambda w: spec(f"{LOGS}/latents/{w.experiment}", payloads.latent_table(PLAN, w.experiment)),
        also=lambda w: also(PLAN.latents.records(w.experiment, "encoded", "decoded")),
        scores=lambda w: PLAN.latents.scores(w.experiment),
        latents=lambda w: PLAN.latents.latents(w.experiment),
    output:
        edits=report(f"{STUDY}/latents/{{experiment}}/edits.csv", caption="report/edits.rst", category="Latents"),
        channels=report(
            f"{STUDY}/latents/{{experiment}}/channels.csv", caption="report/channels.rst", category="Latents"
        ),
    log:
        results.log(f"{LOGS}/latent_table/{{experiment}}"),
    conda:
        "../envs/study.yaml"
    params:
        code=code("latent_table.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/latent_table.py --plan {{input.plan:q}} --out {STUDY}/latents/{{wildcards.experiment}} 2> {{log:q}}"
