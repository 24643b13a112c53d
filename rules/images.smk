# INPUTS:  images in installed packages, local folders, or a download (catalogue/images.yaml, `define.images` of the study)
# OUTPUTS: results/images/{set}/images.csv, the images beside it as 8-bit RGB PNG


for image_set in PLAN.downloaded():

    rule:
        name:
            f"download_{image_set}"
        output:
            f"results/images/{image_set}/images.csv",
        log:
            f"results/logs/images/{image_set}.log",
        retries: 2
        localrule: True
        conda:
            "../envs/study.yaml"
        params:
            set=image_set,  # a command sees the loop's last value
            spec=lambda w, part=image_set: PLAN.images_spec(part),
            code=code("fetch_images.py"),
            generation=generation(f"results/images/{image_set}/images.csv"),
        shell:
            "python scripts/fetch_images.py --set {params.set}"
            " --spec {params.spec:q} --generation {params.generation} --out {output:q} 2> {log:q}"


rule fetch_images:
    input:
        lambda w: PLAN.image_files(w.set),
    output:
        "results/images/{set}/images.csv",
    log:
        "results/logs/images/{set}.log",
    conda:
        "../envs/study.yaml"
    params:
        spec=lambda w: PLAN.images_spec(w.set),
        code=code("fetch_images.py"),
        generation=lambda w: generation(f"results/images/{w.set}/images.csv"),
    shell:
        "python scripts/fetch_images.py --set {wildcards.set:q}"
        " --spec {params.spec:q} --generation {params.generation} --out {output:q} 2> {log:q}"
