# INPUTS:  results/images/{set}/images.csv and its images; a file of weights; the experiments of the config's `latents`
# OUTPUTS: results/latents/{set}/{codec}/{quality}/latents.csv, arrays of the latents beside it (.npz)
#          results/edits/{study}/{experiment}/{set}/{codec}/{quality}/{encoded,decoded,scores}.csv, bitstreams and
#          images of the edits beside them
#          results/studies/{study}/latents/{experiment}/{edits,channels}.csv

EDITS = f"results/edits/{PLAN.name}"
EDITED = "{experiment}/{set}/{codec}/{quality}"


rule latents:
    input:
        images="results/images/{set}/images.csv",
        weights=lambda w: PLAN.weights(w.codec, w.quality),
    output:
        "results/latents/{set}/{codec}/{quality}/latents.csv",
    log:
        "results/logs/latents/{set}/{codec}/{quality}.log",
    conda:
        lambda w: PLAN.conda(w.codec)
    resources:
        again=0,
        gpu=lambda w: PLAN.gpus(w.codec),
    params:
        python=lambda w: PLAN.python(w.codec),
        spec=lambda w: PLAN.spec(w.codec),
        weights=lambda w: PLAN.weights_option(w.codec, w.quality),
        code=lambda w: PLAN.code("latents.py", w.codec),
        generation=lambda w: PLAN.generation(
            f"results/latents/{w.set}/{w.codec}/{w.quality}/latents.csv", w.codec, w.quality
        ),
    shell:
        "{params.python} scripts/latents.py --codec {wildcards.codec:q} --quality {wildcards.quality:q}"
        " --spec {params.spec:q} {params.weights} --images {input.images:q}"
        " --generation {params.generation} --again {resources.again} --out {output:q} 2> {log:q}"


rule latent_edit:
    input:
        latents="results/latents/{set}/{codec}/{quality}/latents.csv",
        weights=lambda w: PLAN.weights(w.codec, w.quality),
        reference=lambda w: sum(PLAN.latents.references(w.experiment, w.set, w.codec, w.quality).values(), []),
        files=lambda w: PLAN.latents.files(w.experiment),
    output:
        f"{EDITS}/{EDITED}/encoded.csv",
    log:
        f"results/logs/edits/{PLAN.name}/{EDITED}/encode.log",
    conda:
        lambda w: PLAN.conda(w.codec)
    resources:
        again=0,
        gpu=lambda w: PLAN.gpus(w.codec),
    params:
        python=lambda w: PLAN.python(w.codec),
        spec=lambda w: PLAN.spec(w.codec),
        weights=lambda w: PLAN.weights_option(w.codec, w.quality),
        edits=lambda w: PLAN.latents.spec(w.experiment),
        own=lambda w: PLAN.latents.image_set(w.experiment, w.set),
        reference=lambda w: json.dumps(PLAN.latents.references(w.experiment, w.set, w.codec, w.quality)),
        code=lambda w: PLAN.code("latent_edit.py", w.codec),
        generation=lambda w: PLAN.generation(
            f"{EDITS}/{w.experiment}/{w.set}/{w.codec}/{w.quality}/encoded.csv", w.codec, w.quality
        ),
    shell:
        "printf %s {params.edits:q} |"
        " {params.python} scripts/latent_edit.py --codec {wildcards.codec:q} --quality {wildcards.quality:q}"
        " --spec {params.spec:q} {params.weights} --latents {input.latents:q} --set {params.own:q} --edits -"
        " --reference {params.reference:q} --generation {params.generation} --again {resources.again} --out {output:q} 2> {log:q}"


rule latent_decode:
    input:
        encoded=f"{EDITS}/{EDITED}/encoded.csv",
        weights=lambda w: PLAN.weights(w.codec, w.quality),
    output:
        f"{EDITS}/{EDITED}/decoded.csv",
    log:
        f"results/logs/edits/{PLAN.name}/{EDITED}/decode.log",
    conda:
        lambda w: PLAN.conda(w.codec)
    resources:
        again=0,
        gpu=lambda w: PLAN.gpus(w.codec),
    params:
        python=lambda w: PLAN.python(w.codec),
        spec=lambda w: PLAN.spec(w.codec),
        weights=lambda w: PLAN.weights_option(w.codec, w.quality),
        code=lambda w: PLAN.code("decode.py", w.codec),
        generation=lambda w: PLAN.generation(
            f"{EDITS}/{w.experiment}/{w.set}/{w.codec}/{w.quality}/decoded.csv", w.codec, w.quality
        ),
    shell:
        "{params.python} scripts/decode.py --codec {wildcards.codec:q} --quality {wildcards.quality:q}"
        " --spec {params.spec:q} {params.weights} --encoded {input.encoded:q}"
        " --generation {params.generation} --again {resources.again} --out {output:q} 2> {log:q}"


rule latent_score:
    input:
        images="results/images/{set}/images.csv",
        edited=f"{EDITS}/{EDITED}/encoded.csv",
        decoded=f"{EDITS}/{EDITED}/decoded.csv",
    output:
        f"{EDITS}/{EDITED}/scores.csv",
    log:
        f"results/logs/edits/{PLAN.name}/{EDITED}/score.log",
    conda:
        "../envs/study.yaml"
    params:
        metrics=metric_registry.recipes(config["metrics"]),
        engine=config["engine"],
        code=code("latent_score.py", *metric_registry.modules(["psnr_rgb", *config["metrics"]])),
        lock=lock("study"),
    shell:
        "python scripts/latent_score.py --images {input.images:q} --edited {input.edited:q} --decoded {input.decoded:q}"
        " --metrics {params.metrics:q} --engine {params.engine} --out {output:q} 2> {log:q}"


rule latent_table:
    input:
        scores=lambda w: PLAN.latents.scores(w.experiment),
        latents=lambda w: PLAN.latents.latents(w.experiment),
    output:
        edits=report(f"{STUDY}/latents/{{experiment}}/edits.csv", caption="report/edits.rst", category="Latents"),
        channels=report(
            f"{STUDY}/latents/{{experiment}}/channels.csv", caption="report/channels.rst", category="Latents"
        ),
    log:
        f"results/logs/studies/{PLAN.name}/latent_table/{{experiment}}.log",
    conda:
        "../envs/study.yaml"
    params:
        plan=lambda w: PLAN.latents.tables(w.experiment),
        code=code("latent_table.py"),
        lock=lock("study"),
    shell:
        f"printf %s {{params.plan:q}} | python scripts/latent_table.py --plan - --out {STUDY}/latents/{{wildcards.experiment}}"
        " 2> {log:q}"
