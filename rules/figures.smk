# INPUTS:  the study's tables (rd.csv, means.csv, codecs.csv, bd.csv); the original images
# OUTPUTS: results/studies/{study}/figures/{set}/: originals, average, bd_rate, time, and images/{image}, as .pdf and .png

FIGURES = f"{STUDY}/figures"
DRAWING = PLAN.figure_options()


rule plot_originals:
    input:
        lambda w: PLAN.image_records(w.set),
    output:
        report(f"{FIGURES}/{{set}}/originals.png", caption="report/originals.rst", category="{set}"),
        f"{FIGURES}/{{set}}/originals.pdf",
    log:
        f"results/logs/studies/{PLAN.name}/plot_originals/{{set}}.log",
    conda:
        "../envs/study.yaml"
    params:
        code=code("plot_originals.py"),
        lock=lock("study"),
    shell:
        "python scripts/plot_originals.py --images {input:q} --set {wildcards.set:q} --out {output:q} 2> {log:q}"


for image_set in PLAN.parts:

    rule:
        name:
            f"plot_images_{image_set}"
        input:
            rd=f"{STUDY}/rd.csv",
            codecs=f"{STUDY}/codecs.csv",
            images=PLAN.image_records(image_set),
        output:
            report(
                expand(f"{FIGURES}/{image_set}/images/{{image}}.png", image=PLAN.image_names(image_set)),
                caption="report/images.rst",
                category=image_set,
            ),
            expand(f"{FIGURES}/{image_set}/images/{{image}}.pdf", image=PLAN.image_names(image_set)),
        log:
            f"results/logs/studies/{PLAN.name}/plot_images/{image_set}.log",
        group:
            "figures"
        conda:
            "../envs/study.yaml"
        params:
            set=image_set,  # a command sees the loop's last value
            drawing=DRAWING,
            code=code("plot_images.py"),
            lock=lock("study"),
        shell:
            "python scripts/plot_images.py --rd {input.rd:q} --codecs {input.codecs:q} {params.drawing}"
            f" --images {{input.images:q}} --set {{params.set}} --out {FIGURES}/{{params.set}}/images 2> {{log:q}}"


rule plot_average:
    input:
        means=f"{STUDY}/means.csv",
        codecs=f"{STUDY}/codecs.csv",
        images=lambda w: PLAN.image_records(w.set),
    output:
        report(f"{FIGURES}/{{set}}/average.png", caption="report/average.rst", category="{set}"),
        f"{FIGURES}/{{set}}/average.pdf",
    log:
        f"results/logs/studies/{PLAN.name}/plot_average/{{set}}.log",
    conda:
        "../envs/study.yaml"
    params:
        drawing=DRAWING,
        code=code("plot_average.py"),
        lock=lock("study"),
    shell:
        "python scripts/plot_average.py --means {input.means:q} --codecs {input.codecs:q} {params.drawing}"
        " --images {input.images:q} --set {wildcards.set:q} --out {output:q} 2> {log:q}"


rule plot_bd_rate:
    input:
        bd=f"{STUDY}/bd.csv",
        codecs=f"{STUDY}/codecs.csv",
    output:
        report(f"{FIGURES}/{{set}}/bd_rate.png", caption="report/bd_rate.rst", category="{set}"),
        f"{FIGURES}/{{set}}/bd_rate.pdf",
    log:
        f"results/logs/studies/{PLAN.name}/plot_bd_rate/{{set}}.log",
    conda:
        "../envs/study.yaml"
    params:
        code=code("plot_bd.py"),
        lock=lock("study"),
    shell:
        "python scripts/plot_bd.py --bd {input.bd:q} --codecs {input.codecs:q}"
        " --set {wildcards.set:q} --out {output:q} 2> {log:q}"


rule plot_time:
    input:
        rd=f"{STUDY}/rd.csv",
        means=f"{STUDY}/means.csv",
        codecs=f"{STUDY}/codecs.csv",
        bd=f"{STUDY}/bd.csv" if "bd_rate" in config else [],
    output:
        report(f"{FIGURES}/{{set}}/time.png", caption="report/time.rst", category="{set}"),
        f"{FIGURES}/{{set}}/time.pdf",
    log:
        f"results/logs/studies/{PLAN.name}/plot_time/{{set}}.log",
    conda:
        "../envs/study.yaml"
    params:
        bd=f"--bd {STUDY}/bd.csv" if "bd_rate" in config else "",
        drawing=PLAN.figure_options("rate_axis", "max_bpp"),
        code=code("plot_time.py"),
        lock=lock("study"),
    shell:
        "python scripts/plot_time.py --rd {input.rd:q} --means {input.means:q} --codecs {input.codecs:q} {params.bd}"
        " {params.drawing} --set {wildcards.set:q} --out {output:q} 2> {log:q}"
