# INPUTS:  results/images/{set}/images.csv and its images; a file of weights, for a codec that needs one
# OUTPUTS: results/bitstreams/{set}/{codec}/{quality}/encoded.csv, bitstreams beside it
#          results/decoded/{set}/{codec}/{quality}/decoded.csv, images beside it
# `benchmark` is some samples (samples.smk), so it tells memory and time of long jobs; records have the codec's own times.


rule encode:
    input:
        **codec_input,
        beside=files_of([results.images("{set}")]),
        images=results.images("{set}"),
    output:
        record=CELL.encoded(),
        beside=beside(CELL.encoded()),
    log:
        results.log(f"encode/{CELL.path}"),
    benchmark:
        results.benchmark(f"encode/{CELL.path}")
    group:
        lambda w: PLAN.group(w.codec)
    conda:
        lambda w: f"../envs/{PLAN.environment(w.codec)}.yaml"
    threads: lambda w: PLAN.threads(w.codec)
    resources:
        **codec_resources,
    params:
        **codec_params(lambda w: PLAN.encoder(w.quality), CELL.encoded()),
        target=lambda w: shlex.join(PLAN.target_options(w.quality)),
    shell:
        codec_command("--images {input.images:q} {params.target}", AGAIN)


rule decode:
    input:
        **codec_input,
        beside=files_of([CELL.encoded()]),
        encoded=CELL.encoded(),
    output:
        record=CELL.decoded(),
        beside=beside(CELL.decoded()),
    log:
        results.log(f"decode/{CELL.path}"),
    benchmark:
        results.benchmark(f"decode/{CELL.path}")
    group:
        lambda w: PLAN.group(w.codec)
    conda:
        lambda w: f"../envs/{PLAN.environment(w.codec)}.yaml"
    threads: lambda w: PLAN.threads(w.codec)
    resources:
        **codec_resources,
    params:
        **codec_params("decode.py", CELL.decoded()),
    shell:
        codec_command("--encoded {input.encoded:q}", AGAIN)
