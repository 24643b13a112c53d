# INPUTS:  none: weights come from the mirror folder, the cache or their publisher; bundled ones lie in models/
# OUTPUTS: results/weights/{file}, verified by its hash: so the code that fetched it is no reason to fetch it again


rule fetch_weights:
    input:
        spec=lambda w: codec_spec(PLAN.weights_of(w.file)[0]),
    output:
        results.weights("{file}"),
    log:
        results.log("weights/{file}"),
    retries: 2
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        cell=lambda w: options(dict(zip(("codec", "quality"), PLAN.weights_of(w.file)))),
    shell:
        f"python {SCRIPTS}/fetch_weights.py {{params.cell}} --spec {{input.spec:q}} --out {{output:q}} 2> {{log:q}}"
