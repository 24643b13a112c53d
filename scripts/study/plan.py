"""What a study consists of: its parts of image sets, its cells (part, codec, quality), and what they depend on."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from study import catalogue, codecs, files, imagesets, recipes
from study.codehash import ROOT, code, lock
from study.config import qualities
from study.errors import StudyError


class Plan:
    """A checked config, spelled out for the workflow. Nothing is read but catalogues and records."""

    def __init__(self, config: Mapping) -> None:
        self.config = config
        self.name: str = config["study"]
        catalogued = catalogue.codecs(config)
        self.codecs = {name: catalogued[name] for name in config["codecs"]}
        self.qualities = {name: qualities(chosen, self.codecs[name]) for name, chosen in config["codecs"].items()}
        self.parts: dict[str, dict[str, dict]] = {}
        known = catalogue.image_sets(config)
        for name in config["images"]:
            self.parts[name] = _parts(name, known, config["part_size"])
        self._known_sets = known

    def part_names(self) -> list[str]:
        """The names of all image sets, or parts of sets, as they stand in paths."""
        return [part for part, _ in self._all_parts()]

    def downloaded(self) -> list[str]:
        """The image sets, or parts of sets, that come from URLs."""
        return [part for part, entry in self._all_parts() if imagesets.kind(entry, self._known_sets) == "url"]

    def images_spec(self, part: str) -> str:
        """What decides an image set (or part of one), as JSON."""
        return json.dumps(imagesets.resolved(dict(self._all_parts())[part], self._known_sets), sort_keys=True)

    def image_files(self, part: str) -> list[str]:
        """The local files that an image set is made from: those of a folder, none for other sources."""
        return imagesets.sources(dict(self._all_parts())[part], self._known_sets)

    def spec(self, codec: str) -> str:
        """What decides a codec's bitstreams, as JSON: backend and settings."""
        entry = self.codecs[codec]
        return json.dumps({"backend": entry["backend"], "settings": entry.get("settings", {})}, sort_keys=True)

    def weights(self, codec: str, quality: str) -> list[str]:
        """The path of the file of weights that a cell needs, in a list; empty for a codec without weights."""
        needed = self._weights(codec, quality)
        if needed is None:
            return []
        if needed.path is not None:
            return [os.path.relpath(ROOT / needed.path)]
        return [f"results/weights/{needed.file}"]

    def weights_job(self, file: str) -> str:
        """The options of `fetch_weights.py` for a file of weights, quoted for a shell."""
        for codec, chosen in self.qualities.items():
            for quality in map(str, chosen):
                needed = self._weights(codec, quality)
                if needed is not None and needed.path is None and needed.file == file:
                    return f"--codec {shlex.quote(codec)} --quality {quality} --spec {shlex.quote(self.spec(codec))}"
        raise StudyError(f"no codec of this study needs the weights {file!r}")

    def weights_option(self, codec: str, quality: str) -> str:
        """The option of `encode.py` and `decode.py` that names the file of weights, quoted for a shell."""
        return "".join(f"--weights {shlex.quote(path)}" for path in self.weights(codec, quality))

    def python(self, codec: str) -> str:
        """The interpreter of a codec's jobs: that of the environment which the codec needs, if it was built.

        Else it is that of the workflow, where the codec tells how to build the environment.
        """
        own = ROOT / f".venv-{self._backend(codec).environment}" / "bin" / "python"
        return os.path.relpath(own) if own.exists() else "python"

    def conda(self, codec: str) -> str:
        """The file that describes a codec's environment for conda."""
        return str(ROOT / "envs" / f"{self._backend(codec).environment}.yaml")

    def code(self, script: str, codec: str) -> str:
        """The hash of a script's code, the codec's backend included, and of the pins of their environment."""
        kind = self._backend(codec)
        module = Path(*kind.__module__.split(".")).with_suffix(".py").as_posix()
        return f"{code(script, module)} {lock(kind.environment)}"

    def cells(self) -> list[tuple[str, str, str]]:
        """Every (part of an image set, codec, quality) of the study."""
        return [
            (part, codec, str(quality))
            for parts in self.parts.values()
            for part in parts
            for codec, chosen in self.qualities.items()
            for quality in chosen
        ]

    def cell_paths(self) -> list[str]:
        """Every cell as a path, `<part>/<codec>/<quality>`."""
        return ["/".join(cell) for cell in self.cells()]

    def tables(self) -> str:
        """What `aggregate.py` needs to know of the study, as JSON."""
        codecs_of_study = {name: {**entry, "qualities": self.qualities[name]} for name, entry in self.codecs.items()}
        sets = {name: list(parts) for name, parts in self.parts.items()}
        return json.dumps({"sets": sets, "codecs": codecs_of_study, "metrics": self.config["metrics"]})

    def bd_options(self) -> str:
        """The options of `bd_rate.py`, quoted for a shell; none for a study without."""
        chosen = self.config.get("bd_rate")
        if chosen is None:
            return ""
        metrics = shlex.join(chosen["metrics"])
        numbers = " ".join(
            f"--{name.replace('_', '-')} {chosen[name]}" for name in ("min_overlap", "resamples", "seed")
        )
        return f"--anchor {shlex.quote(chosen['anchor'])} --metrics {metrics} {numbers}"

    def figure_options(self, *only: str) -> str:
        """The options of the figures' scripts, quoted for a shell: all of them, or those named."""
        chosen = {
            name: value for name, value in self.config["figures"].items() if name in (only or self.config["figures"])
        }
        words = []
        for name, value in chosen.items():
            if value is not None:
                words += [f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, list) else [value])]
        return shlex.join(words)

    def products(self, folder: str) -> list[str]:
        """The tables and figures of the study, which lies in `folder`."""
        bd = ["bd_rate"] if "bd_rate" in self.config else []
        tables = [
            f"{folder}/{table}"
            for table in ("rd.csv", "rd.parquet", "means.csv", "codecs.csv", *(["bd.csv"] if bd else []))
        ]
        figures = [
            f"{folder}/figures/{image_set}/{figure}.{kind}"
            for image_set in self.parts
            for figure in (
                "originals",
                "average",
                "time",
                *bd,
                *(f"images/{name}" for name in self.image_names(image_set)),
            )
            for kind in ("png", "pdf")
        ]
        return tables + figures

    def image_names(self, image_set: str) -> list[str]:
        """The names of a set's images."""
        return imagesets.names(self._known_sets[image_set], self._known_sets)

    def remade(self, record: str, codec: str, quality: str) -> int:
        """The `remade` of an encode or decode job by its record."""
        return remade(record, lambda: self._load(codec, quality).skip() is None)

    def _load(self, codec: str, quality: str) -> codecs.Codec:
        return codecs.load(
            codec, self._exact(codec, quality), self.codecs[codec], *map(Path, self.weights(codec, quality))
        )

    def _all_parts(self) -> Iterator[tuple[str, dict]]:
        for parts in self.parts.values():
            yield from parts.items()

    def _backend(self, codec: str) -> type[codecs.Codec]:
        return codecs.backend(self.codecs[codec]["backend"])

    def _weights(self, codec: str, quality: str) -> codecs.Weights | None:
        settings = self.codecs[codec].get("settings", {})
        return self._backend(codec).weights_source(settings, self._exact(codec, quality))

    def _exact(self, codec: str, quality: str) -> int | float | str:
        """The quality that stands as `quality` in paths."""
        return next(exact for exact in self.qualities[codec] if str(exact) == quality)


class Training:
    """What the trainings of a study depend on: the files of `photos`, and its recipes.

    Raises StudyError for a folder without files, and for recipes that mean nothing.
    """

    def __init__(self, config: Mapping) -> None:
        folder = ROOT / Path(config["training"]["photos"]).expanduser()
        self.photos = [os.path.relpath(path) for path in sorted(folder.rglob("*")) if path.is_file()]
        if not self.photos:
            raise StudyError(f"training.photos: {folder} holds no files; it must be a folder of photos")
        self._recipes = recipes.load(ROOT / config["training"]["recipes"])

    def start(self, model: str, quality: str) -> list[str]:
        """The weights that a training starts from, in a list; empty for one that starts from the photos."""
        return recipes.start(self._recipes, model, quality)

    def options(self, model: str, quality: str) -> str:
        """The options of `train.py`, quoted for a shell."""
        return recipes.options(self._recipes, model, quality)


def origin(configfiles: Iterable[str | Path]) -> str:
    """What to call a config in messages, by the files that were given for it."""
    return ", ".join(os.path.relpath(file) for file in configfiles) or "config.yaml"


def prepare_environment(config: Mapping) -> None:
    """Set what the jobs of this process inherit: `python` is that of Snakemake, mirror and cache are the config's.

    They are no parameters of a job: a moved checkout, or another mirror, reruns nothing.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name, folder in (("STUDY_MIRROR", config["mirror"]), ("STUDY_CACHE", config["cache"])):
        if folder:
            os.environ[name] = str(Path(folder).expanduser())


def remade(record: str | Path, runs: Callable[[], bool] = lambda: False) -> int:
    """How often a job's lost files were made again: the number in its record, one more if files are lost now.

    The workflow keeps it as a parameter of the job, so that a deleted bitstream or picture, a cell that failed, or a
    skipped one whose codec now `runs` makes the job run again although its record is there. 0 without a record.
    """
    record = Path(record)
    if not record.exists():
        return 0
    rows = files.read_rows(record)
    here = _names(record.parent)
    missing = [row["reason"] for row in rows if not row["file"]]
    lost = (
        any(row["file"] and row["file"] not in here for row in rows)
        or any("failed: " in reason for reason in missing)
        or (any(reason.startswith("skipped: ") for reason in missing) and runs())
    )
    return int(rows[0]["remade"] if rows else 0) + lost


@cache
def _names(folder: Path) -> frozenset[str]:
    return frozenset(path.name for path in folder.iterdir())


def _parts(name: str, known: Mapping[str, dict], size: int | None) -> dict[str, dict]:
    names = imagesets.names(known[name], known)
    if size is None or len(names) <= size:
        return {name: known[name]}
    cuts = [names[start : start + size] for start in range(0, len(names), size)]
    return {f"{name}.{number}": {"of": name, "only": cut} for number, cut in enumerate(cuts, start=1)}


__all__ = ["Plan", "Training", "code", "lock", "origin", "prepare_environment", "remade"]
