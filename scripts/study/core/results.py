"""Every path below the folder of results, spelled once, for rules and library alike.

`results` is that folder, relative to where the workflow runs. An argument may be a wildcard in braces. Two studies that
need the same record share it, so nothing but `study` and `edited` holds a study's name.
"""

from __future__ import annotations

from os import PathLike

FOLDER = "results"
STAGES = ("encode", "decode", "score")


def images(part: str, results: str | PathLike = FOLDER) -> str:
    """The record of the images of an image set, or of a part of one; they lie beside it."""
    return f"{results}/images/{part}/images.csv"


def weights(file: str, results: str | PathLike = FOLDER) -> str:
    """A downloaded file of weights."""
    return f"{results}/weights/{file}"


def training(file: str, results: str | PathLike = FOLDER) -> str:
    """A file of the trainings: photos.npz, or {model}/{quality} with an ending."""
    return f"{results}/training/{file}"


def edited(study: str, experiment: str, path: str, record: str, results: str | PathLike = FOLDER) -> str:
    """A record (encoded, decoded, scores) of the edits of a cell in an experiment; `path` is the cell's.

    Bitstreams and images have a folder each, since a storage takes the folder of a job as a whole.
    """
    folder = {"encoded": "bitstreams/", "decoded": "decoded/"}.get(record, "")
    return f"{results}/edits/{study}/{experiment}/{path}/{folder}{record}.csv"


def of_scores(record: str) -> bool:
    """Whether a record is of scores, of a cell or of its edits: alone of all, it lists no files."""
    return record.startswith(f"{FOLDER}/scores/") or (
        record.startswith(f"{FOLDER}/edits/") and record.endswith("/scores.csv")
    )


def study(name: str, results: str | PathLike = FOLDER) -> str:
    """The folder of a study's tables, figures and page."""
    return f"{results}/studies/{name}"


def spec(name: str, results: str | PathLike = FOLDER) -> str:
    """A file that says what a job is to do."""
    return f"{results}/specs/{name}.json"


def log(name: str, results: str | PathLike = FOLDER) -> str:
    """The log of a job."""
    return f"{results}/logs/{name}.log"


def benchmark(name: str, results: str | PathLike = FOLDER) -> str:
    """What Snakemake measured of a job."""
    return f"{results}/benchmarks/{name}.tsv"
