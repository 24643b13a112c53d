# INPUTS:  images in installed packages, local folders, or a download (catalogue/images.yaml, `define.images` of the study)
# OUTPUTS: results/images/{set}/images.csv, the images beside it as 8-bit RGB PNG

DOWNLOADED = PLAN.downloaded()


rule fetch_images:
    input:
        spec=lambda w: images_spec(w.set),
        files=lambda w: by_content(PLAN.image_files(w.set)),
    output:
        record=results.images("{set}"),
        beside=beside(results.images("{set}")),
    log:
        results.log("images/{set}"),
    wildcard_constraints:
        set=any_of(part for part in PLAN.all_parts if part not in DOWNLOADED),
    conda:
        "../envs/study.yaml"
    params:
        code=code("fetch_images.py"),
        trained_on=content(photos.MANIFEST),  # an image that is among these photos is told so in its record
        files=lambda w: content_of(PLAN.image_files(w.set)),
        generation=lambda w: generation_of(generation, results.images(w.set)),
    shell:
        f"python {SCRIPTS}/fetch_images.py --set {{wildcards.set:q}} --spec {{input.spec:q}}"
        f" --generation {{params.generation}} --out {ONE_OUTPUT} > {{log:q}} 2>&1"


use rule fetch_images as download_images with:
    input:
        spec=lambda w: images_spec(w.set),
    wildcard_constraints:
        set=any_of(DOWNLOADED),
    retries: 2
    localrule: True
