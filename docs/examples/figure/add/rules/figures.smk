

rule plot_spread:
    input:
        rd=f"{STUDY}/rd.csv",
        codecs=f"{STUDY}/codecs.csv",
    output:
        f"{FIGURES}/{{set}}/spread.png",
        vector(f"{FIGURES}/{{set}}/spread"),
    log:
        results.log(f"{LOGS}/plot_spread/{{set}}"),
    conda:
        "../envs/study.yaml"
    params:
        paper=PAPER,
        code=code("plot_spread.py"),
        lock=lock("study"),
    shell:
        f"python {SCRIPTS}/plot_spread.py --rd {{input.rd:q}} --codecs {{input.codecs:q}}"
        " --set {wildcards.set:q} {params.paper} --out {output:q} 2> {log:q}"


MORE += [f"figures/{image_set}/spread.png" for image_set in PLAN.parts]
