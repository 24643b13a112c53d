# INPUTS:  results/images/{set}/images.csv of each set (of its first part, if it is cut), weights; for a study with `timing`
# OUTPUTS: results/studies/{study}/timing/round{round}/{set}/{codec}/{quality}.csv; results/studies/{study}/timing.csv
# A timing takes all cores of the run, so that nothing runs beside it, and pins itself to one of them. A round
# begins when the one before is done, so that a codec's rounds lie apart in time.

TIMING = PLAN.study.timing or study_config_types.Timing()


rule time_codec:
    input:
        **codec_input,
        beside=files_of([results.images("{set}")]),
        images=results.images("{set}"),
        # The study's cells, or the round before.
        after=lambda w: ancient(f"{STUDY}/rd.csv" if w.round == "1" else f"{STUDY}/timing/round{int(w.round) - 1}.done"),
    output:
        record=f"{STUDY}/timing/round{{round}}/{{set}}/{{codec}}/{{quality}}.csv",
    log:
        results.log(f"{LOGS}/timing/round{{round}}/{CELL.path}"),
    conda:
        lambda w: f"../envs/{PLAN.environment(w.codec)}.yaml"
    threads: workflow.resource_settings.cores or 1
    resources:
        **codec_resources,
    params:
        **codec_params("timing.py", f"{STUDY}/timing/round{{round}}/{CELL.path}.csv")
        | {"generation": 0, "images": TIMING.images, "repeats": TIMING.repeats},
    shell:
        codec_command("--images {input.images:q} --count {params.images} --repeats {params.repeats}", AGAIN)


rule timing_round:
    input:
        lambda w: [cell["records"][int(w.round) - 1] for cell in payloads.timing(PLAN)["cells"]],
    output:
        touch(f"{STUDY}/timing/round{{round}}.done"),
    localrule: True


rule timing:
    input:
        plan=lambda w: spec(f"{LOGS}/timing", payloads.timing(PLAN)),
        records=lambda w: [path for cell in payloads.timing(PLAN)["cells"] for path in cell["records"]],
    output:
        report(f"{STUDY}/timing.csv", caption="report/timing.rst", category="Tables"),
    log:
        results.log(f"{LOGS}/timing"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=code("timing_table.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/timing_table.py --plan {{input.plan:q}} --out {{output:q}} 2> {{log:q}}"
