# INPUTS:  the study's rd.csv, its images and decoded images; files of answers (config: opinions.answers)
# OUTPUTS: results/studies/{study}/opinions/: index.html, test.json, stimuli/ (`make opinions` asks for them); for a study
#          with answers opinions_scale.csv, opinions_observers.csv, opinions_metrics.csv and figures/{set}/opinions.png, .pdf

from study.opinions import build as opinions_build
from study.planning import opinions as opinion_plan

ANSWERS = opinion_plan.answers(PLAN.study)


rule opinion_test:
    input:
        beside=files_of(shown_records()),
        plan=lambda w: spec(f"{LOGS}/opinion_test", opinion_plan.test(PLAN)),
        rd=f"{STUDY}/rd.csv",
        images=collect(results.images("{part}"), part=PLAN.part_names()),
        decoded=[cell.decoded() for cell in PLAN.cells()],
    output:
        page=f"{STUDY}/opinions/index.html",
        test=f"{STUDY}/opinions/test.json",
        stimuli=directory(f"{STUDY}/opinions/stimuli"),
    log:
        results.log(f"{LOGS}/opinion_test"),
    conda:
        "../envs/study.yaml"
    params:
        parts=opinions_build.parts_hash(),
        code=code("opinion_test.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/opinion_test.py --plan {{input.plan:q}} --rd {{input.rd:q}} --out {{output.page:q}} 2> {{log:q}}"


if ANSWERS:

    rule opinions:
        input:
            rd=f"{STUDY}/rd.csv",
            answers=by_content(ANSWERS) if STORED else ANSWERS,
        output:
            report(f"{STUDY}/opinions_scale.csv", caption="report/opinions_scale.rst", category="Opinions"),
            report(f"{STUDY}/opinions_observers.csv", caption="report/opinions_observers.rst", category="Opinions"),
            report(f"{STUDY}/opinions_metrics.csv", caption="report/opinions_metrics.rst", category="Opinions"),
        log:
            results.log(f"{LOGS}/opinions"),
        conda:
            "../envs/study.yaml"
        params:
            options=options(opinion_plan.evaluation(PLAN.study)),
            code=code("opinions.py"),
            lock=lock("study"),
        shell:
            f"python {SCRIPTS}/opinions.py --rd {{input.rd:q}} --answers {{input.answers:q}} {{params.options}}"
            f" --out {STUDY} 2> {{log:q}}"

    rule plot_opinions:
        input:
            scale=f"{STUDY}/opinions_scale.csv",
            metrics=f"{STUDY}/opinions_metrics.csv",
            codecs=f"{STUDY}/codecs.csv",
        output:
            figure("opinions"),
        log:
            results.log(f"{LOGS}/plot_opinions/{{set}}"),
        conda:
            "../envs/study.yaml"
        params:
            paper=PAPER,
            code=code("plot_opinions.py"),
            lock=lock("study"),
        shell:
            f"python {SCRIPTS}/plot_opinions.py --scale {{input.scale:q}} --opinion-metrics {{input.metrics:q}}"
            " --codecs {input.codecs:q} --set {wildcards.set:q} {params.paper} --out {output:q} 2> {log:q}"
