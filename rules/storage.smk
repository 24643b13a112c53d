# Results in a storage (`--default-storage-provider`): what lies beside a record is declared, since executors without a
# shared file system carry declared inputs and outputs alone. Without a storage nothing here adds to a job.

STORED = workflow.storage_settings.default_storage_provider
PREFIX = workflow.storage_settings.default_storage_prefix or ""


def local_copies(folder, workflow):
    """Where the default storage's copies of what is below a folder lie in a job: no option or attribute tells; 9.27."""
    return str(workflow.modifier.path_modifier.apply_default_storage(folder))


def ungroup(rules):
    """Have each job be a submission of its own: with a storage, a job looks there for what its group has just made; 9.27."""
    for one in rules:
        one.group = None


# In a command, the only output or input that a job has without a storage: other words would rerun it.
ONE_OUTPUT, ONE_INPUT = ("{output.record:q}", "{input.images:q}") if STORED else ("{output:q}", "{input:q}")
COPIES = local_copies(results.FOLDER, workflow) if STORED else results.FOLDER

try:
    if STORED:
        specs.link_results(COPIES)
    specs.prepare()
except StudyError as error:
    raise WorkflowError(str(error)) from None


def beside(record):
    """The folder of a record, as an output: what a job writes beside its record goes to the storage with it."""
    return carried_folder(os.path.dirname(record))


def carried_folder(folder):
    """A folder that a job fills, as an output."""
    return directory(folder) if STORED else []


def carried(folders):
    """Folders that other jobs declare by `beside`, as inputs; the records in them tell whether they changed.

    They come before the records: Snakemake takes a folder that is there for one that it needn't fetch.
    """
    return [ancient(folder) for folder in folders] if STORED else []


def files_of(records):
    """What lies beside some records, as inputs; beside scores lies nothing."""
    return carried(dict.fromkeys(os.path.dirname(record) for record in records if not results.of_scores(record)))


def also(records):
    """Records that a command reads through a specification, as inputs; a shared file system has them anyway."""
    return list(dict.fromkeys(records)) if STORED else []


def generation_of(tell, *record):
    """How often a job's lost files were made again; with a storage 0, since no plan reads the records there."""
    return 0 if STORED else tell(*record)


def stored(path):
    """What Snakemake calls a path of results."""
    return COPIES + path.removeprefix(results.FOLDER) if path.startswith(f"{results.FOLDER}/") else path


def as_given(file):
    """A file of the checkout or of the user, or one that a job makes: the first kind isn't in the storage."""
    return file if not STORED or file.startswith(f"{results.FOLDER}/") else local(file)


def shown_records():
    """The records of all images, bitstreams and decoded images of the study."""
    return [results.images(part) for part in PLAN.part_names()] + cell_records()


def cell_records():
    """The records of all cells between the images and the scores."""
    return [record for cell in PLAN.cells() for record in (cell.encoded(), cell.decoded())]


def edited_images():
    """The records of the decoded images of all experiments on latents."""
    return [record for experiment in PLAN.study.latents for record in PLAN.latents.records(experiment, "decoded")]
