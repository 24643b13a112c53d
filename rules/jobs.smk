# What jobs are given: files of specifications, options, and what all jobs with a codec have.


def spec(whose, content):
    """The file of a job's specification. Its name says what is in it, so that its date is nothing to go by."""
    try:
        return ancient(local(specs.write(whose, content)))
    except StudyError as error:
        raise WorkflowError(str(error)) from None


def by_content(files):
    """Files that no job makes, as inputs whose date is nothing to go by: a checkout and a copy give them new ones."""
    return [ancient(local(file)) for file in files]


def content_of(files):
    """What tells such files from others of their names, as a parameter; nothing for one that isn't there."""
    return [content(file) for file in files if os.path.exists(file)]


@cache
def codec_spec(codec, quality=""):
    return spec(f"codecs/{codec}", PLAN.spec(codec, quality))


@cache
def images_spec(part):
    return spec(f"images/{part}", PLAN.images_spec(part))


def options(chosen):
    """Options of a command, quoted for a shell: `--name value`, for each name with a value."""
    words = []
    for name, value in chosen.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, list) else [value])]
    return shlex.join(words)


def interpreter(codec):
    """The interpreter of a codec's jobs, for a shell."""
    python = environment.python(PLAN.environment(codec))
    return python if python == "python" else f'"${environment.CHECKOUT}"/{python}'


def weights_option(codec, quality):
    return options({"weights": PLAN.weights(codec, quality)})


# What every job with a codec has: inputs, resources, parameters (by its script and record), and its command.
codec_input = {
    "spec": lambda w: codec_spec(w.codec, w.quality),
    "weights": lambda w: PLAN.weights_from_jobs(w.codec, w.quality),
}
codec_resources = {"again": 0, "gpu": lambda w: PLAN.gpus(w.codec)}


def codec_params(script, record):
    return {
        "script": script,
        "python": lambda w: interpreter(w.codec),
        "weights": lambda w: weights_option(w.codec, w.quality),
        "code": lambda w: PLAN.code(script(w) if callable(script) else script, w.codec, w.quality),
        "generation": lambda w: generation_of(PLAN.generation, record.format(**dict(w.items())), w.codec, w.quality),
    }


def codec_command(*more):
    return (
        f"{{params.python}} {SCRIPTS}/{{params.script}} --codec {{wildcards.codec:q}} --quality {{wildcards.quality:q}}"
        f" --spec {{input.spec:q}} {{params.weights}} {' '.join(more)}"
        " --generation {params.generation} --out {output.record:q} 2> {log:q}"
    )


AGAIN = "--again {resources.again}"


def edit_spec(w):
    content = payloads.latent_edit(PLAN, w.experiment, w.set, w.codec, w.quality)
    return spec(f"edits/{PLAN.name}/{w.experiment}-{w.set}-{w.codec}-{w.quality}", content)


def other_latents(w):
    """The records of the latents that the edits of a job ask for, beside those that they edit."""
    return sum(PLAN.latents.references(w.experiment, w.set, w.codec, w.quality).values(), [])


def figure_job(w):
    return figure_plan.job(PLAN, w.experiment, w.set, w.codec, w.quality)


def figure_spec(w):
    job = figure_job(w)
    return spec(f"{LOGS}/figures/{job.experiment}-{w.set}-{w.codec}-{w.quality}", figure_plan.payload(PLAN, job))


def page_spec(more):
    return spec(f"{LOGS}/page", payloads.page(PLAN, rule_graph(workflow.rules), shown_codecs(), more))


PAPER = options({name: getattr(PLAN.study.figures, name) for name in ("width", "font", "font_size")})


def vector(stem):
    """A figure's files beside the .png."""
    return [f"{stem}.{form}" for form in PLAN.study.figures.vector]


def figure(name):
    """A figure's files, the .png in the report."""
    shown = report(f"{FIGURES}/{{set}}/{name}.png", caption=f"report/{name}.rst", category="{set}")
    return [shown, *vector(f"{FIGURES}/{{set}}/{name}")]


def scored(of):
    """What `of` tells of the metrics of a job's record."""
    cell = lambda w: CELL._replace(image_set=w.set, part=w.set, codec=w.codec, quality=w.quality)
    return lambda w: of(PLAN.scores.metrics(cell(w), w.get("group", metric_registry.CHEAP)))
