# INPUTS:  results/images/{set}/images.csv and its images; a file of weights, for a codec that needs one
# OUTPUTS: results/bitstreams/{set}/{codec}/{quality}/encoded.csv, bitstreams beside it
#          results/decoded/{set}/{codec}/{quality}/decoded.csv, images beside it


rule encode:
    input:
        images="results/images/{set}/images.csv",
        weights=lambda w: PLAN.weights(w.codec, w.quality),
    output:
        "results/bitstreams/{set}/{codec}/{quality}/encoded.csv",
    log:
        "results/logs/encode/{set}/{codec}/{quality}.log",
    group:
        lambda w: PLAN.group(w.codec)
    conda:
        lambda w: PLAN.conda(w.codec)
    resources:
        again=0,
        gpu=lambda w: PLAN.gpus(w.codec),
    params:
        python=lambda w: PLAN.python(w.codec),
        spec=lambda w: PLAN.spec(w.codec),
        weights=lambda w: PLAN.weights_option(w.codec, w.quality),
        code=lambda w: PLAN.code("encode.py", w.codec),
        generation=lambda w: PLAN.generation(
            f"results/bitstreams/{w.set}/{w.codec}/{w.quality}/encoded.csv", w.codec, w.quality
        ),
    shell:
        "{params.python} scripts/encode.py --codec {wildcards.codec:q} --quality {wildcards.quality:q}"
        " --spec {params.spec:q} {params.weights} --images {input.images:q}"
        " --generation {params.generation} --again {resources.again} --out {output:q} 2> {log:q}"


rule decode:
    input:
        encoded="results/bitstreams/{set}/{codec}/{quality}/encoded.csv",
        weights=lambda w: PLAN.weights(w.codec, w.quality),
    output:
        "results/decoded/{set}/{codec}/{quality}/decoded.csv",
    log:
        "results/logs/decode/{set}/{codec}/{quality}.log",
    group:
        lambda w: PLAN.group(w.codec)
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
            f"results/decoded/{w.set}/{w.codec}/{w.quality}/decoded.csv", w.codec, w.quality
        ),
    shell:
        "{params.python} scripts/decode.py --codec {wildcards.codec:q} --quality {wildcards.quality:q}"
        " --spec {params.spec:q} {params.weights} --encoded {input.encoded:q}"
        " --generation {params.generation} --again {resources.again} --out {output:q} 2> {log:q}"
