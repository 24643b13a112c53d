"""What a study consists of: its parts of image sets, its cells (part, codec, quality), and what they depend on."""

from __future__ import annotations

import csv
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path

from study.analysis import claim_pairs, published_curves
from study.codecs import base
from study.codecs import registry as codec_registry
from study.core import outcome
from study.core.errors import StudyError
from study.core.paths import ROOT
from study.images import sets as images_sets
from study.planning import catalogue
from study.planning.catalogue import qualities
from study.planning.code_hash import code, lock
from study.planning.latents.jobs import Experiments
from study.planning.scores import Scores
from study.training import recipes


class Plan:
    """A checked config, spelled out for the workflow. Nothing is read but catalogues and records.

    Each of thousands of jobs asks the same questions; hence the caches.
    """

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
        self.scores = Scores(config["metrics"])
        self._known_sets = known
        self._catalogued = catalogued
        self.latents = Experiments(config, catalogued, lambda name: _parts(name, known, config["part_size"]))

    def part_names(self) -> list[str]:
        """The names of all image sets, or parts of sets, as they stand in paths."""
        return [part for parts in self.parts.values() for part in parts]

    def image_records(self, image_set: str) -> list[str]:
        """The records of an image set's images, one for each of its parts."""
        return [f"results/images/{part}/images.csv" for part in self.parts[image_set]]

    def downloaded(self) -> list[str]:
        """The image sets, or parts of sets, that come from URLs."""
        return [part for part, entry in self._all_parts() if images_sets.kind(entry, self._known_sets) == "url"]

    def images_spec(self, part: str) -> str:
        """What decides an image set (or part of one), as JSON."""
        return json.dumps(images_sets.resolved(dict(self._all_parts())[part], self._known_sets), sort_keys=True)

    @cache  # noqa: B019 (a process has one plan)
    def image_files(self, part: str) -> list[str]:
        """The local files that an image set is made from: those of a folder, none for other sources."""
        return images_sets.sources(dict(self._all_parts())[part], self._known_sets)

    @cache  # noqa: B019 (a process has one plan)
    def spec(self, codec: str) -> str:
        """What decides a codec's bitstreams, as JSON: backend and settings."""
        entry = self._catalogued[codec]
        return json.dumps({"backend": entry["backend"], "settings": entry.get("settings", {})}, sort_keys=True)

    @cache  # noqa: B019 (a process has one plan)
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
        if file not in self._downloads:
            raise StudyError(f"no codec of this study needs the weights {file!r}")
        codec, quality = self._downloads[file]
        return f"--codec {shlex.quote(codec)} --quality {quality} --spec {shlex.quote(self.spec(codec))}"

    def weights_option(self, codec: str, quality: str) -> str:
        """The option of `encode.py` and `decode.py` that names the file of weights, quoted for a shell."""
        return "".join(f"--weights {shlex.quote(path)}" for path in self.weights(codec, quality))

    @cache  # noqa: B019 (a process has one plan)
    def python(self, codec: str) -> str:
        """The interpreter of a codec's jobs: that of the environment which the codec needs, if it was built.

        Else it is that of the workflow, where the codec tells how to build the environment.
        """
        own = ROOT / f".venv-{self._backend(codec).environment}" / "bin" / "python"
        return os.path.relpath(own) if own.exists() else "python"

    @cache  # noqa: B019 (a process has one plan)
    def gpus(self, codec: str) -> int:
        """How many GPUs a job of a codec needs: one, if its settings name the device cuda."""
        return int(self._catalogued[codec].get("settings", {}).get("device") == "cuda")

    def group(self, codec: str) -> str:
        """The kind of submission that a codec's jobs go into on a cluster: those with a GPU keep to themselves."""
        return "gpu_cells" if self.gpus(codec) else "cells"

    @cache  # noqa: B019 (a process has one plan)
    def conda(self, codec: str) -> str:
        """The file that describes a codec's environment for conda."""
        return str(ROOT / "envs" / f"{self._backend(codec).environment}.yaml")

    @cache  # noqa: B019 (a process has one plan)
    def code(self, script: str, codec: str) -> str:
        """The hash of a script's code, the codec's backend included, and of the pins of their environment."""
        kind = self._backend(codec)
        return f"{code(script, _module(kind))} {lock(kind.environment)}"

    def weighted(self) -> list[tuple[str, str]]:
        """Every (codec, quality) of the study that needs a file of weights."""
        return [
            (codec, str(quality))
            for codec, chosen in self.qualities.items()
            for quality in chosen
            if self._weights(codec, str(quality)) is not None
        ]

    def complexity(self) -> str:
        """What `codec_table.py` needs to know of the study's codecs with weights, as JSON."""
        found: dict[str, dict] = {}
        for codec, quality in self.weighted():
            entry = found.setdefault(codec, {"spec": json.loads(self.spec(codec)), "weights": {}})
            entry["weights"] |= {quality: self.weights(codec, quality)[0]}
        return json.dumps(found)

    def backends(self, *names: str) -> list[str]:
        """The modules of the backends of some codecs, relative to `scripts/`."""
        return sorted({_module(self._backend(codec)) for codec in names})

    def trained(self) -> dict[str, list[str]]:
        """The models that the study trains for its codecs, with their qualities."""
        found: dict[str, list[str]] = {}
        for path in (Path(path) for cell in self.weighted() for path in self.weights(*cell)):
            if path.parent.parent.as_posix() == recipes.FOLDER and path.stem not in found.get(path.parent.name, ()):
                found.setdefault(path.parent.name, []).append(path.stem)
        return found

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

    def claims(self) -> str:
        """What `claims.py` needs to know of the study, as JSON; nothing for a study that tests no claims."""
        if "claims" not in self.config:
            return ""
        kinds = {
            name: claim_pairs.weights_kind(self._weights(name, str(some[0]))) for name, some in self.qualities.items()
        }
        return json.dumps(claim_pairs.plan(self.config, catalogue.claims(self.config), list(self.codecs), kinds))

    def published(self) -> str:
        """What `published.py` needs to know of the study, as JSON; nothing if no image set has published figures."""
        sets = published_curves.of(list(self.parts))
        if not sets:
            return ""
        curves = {name: entry["published"] for name, entry in self.codecs.items() if entry.get("published")}
        chosen = {"sets": sets, "curves": published_curves.CURVES, "codecs": curves, "metrics": self.config["metrics"]}
        return json.dumps(chosen | self.config["published"])

    def published_files(self) -> list[str]:
        """The tables of published figures that the study is compared with."""
        return [*published_curves.of(list(self.parts)).values(), published_curves.CURVES]

    def exports(self) -> str:
        """What `exports.py` needs to know of the study, as JSON."""
        sets = {
            name: {image: part for part, entry in parts.items() for image in images_sets.names(entry, self._known_sets)}
            for name, parts in self.parts.items()
        }
        return json.dumps({"sets": sets, "metrics": self.config["metrics"], "bd": "bd_rate" in self.config})

    def export_files(self, folder: str) -> list[str]:
        """The study's results for other tools, in `folder`."""
        kinds = ("compressai", "codec-compare")
        batches = [f"{kind}/{name}/{codec}.json" for kind in kinds for name in self.parts for codec in self.codecs]
        lists = [f"codec-compare/{name}.json" for name in self.parts]
        bd = ["bd_rate.tex"] if "bd_rate" in self.config else []
        return [f"{folder}/{path}" for path in (*batches, *lists, *bd, "papers.bib")]

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
        sizes = ["complexity.csv"] if self.weighted() else []
        tables = [
            f"{folder}/{table}"
            for table in ("rd.csv", "rd.parquet", "means.csv", "codecs.csv", *(["bd.csv"] if bd else []), *sizes)
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
        trainings = [f"{folder}/figures/training/{model}.{kind}" for model in self.trained() for kind in ("png", "pdf")]
        tables += [f"{folder}/{name}.csv" for name in ("claims", "claims_comparisons") if "claims" in self.config]
        tables += [f"{folder}/{name}.csv" for name in ("published", "published_check") if self.published()]
        exports = self.export_files(f"{folder}/exports")
        shown = tables + figures + trainings + self.latents.products(folder) + exports
        return [*shown, f"{folder}/provenance.json", f"{folder}/index.html"]

    def page(self, folder: str, graph: Mapping, more: Iterable[str] = ()) -> str:
        """What `page.py` needs to know of the study in `folder`, as JSON.

        `graph` gives the rules' edges and the hashes of their code (`page.graph.of`), `more` files of the folder that
        no rule of the study makes. Keys of the config that only say where things lie on a machine are left out.
        """
        files = [os.path.relpath(path, folder) for path in self.products(folder)]
        left_out = ("mirror", "cache", "cell_limit")
        chosen = {
            name: {
                "qualities": self.qualities[name],
                "python": self.python(name),
                "spec": self.spec(name),
                "weights": {str(q): self.weights_option(name, str(q)) for q in self.qualities[name]},
                "code": [self.code(script, name) for script in ("encode.py", "decode.py")],
            }
            for name in self.codecs
        }
        environments = {"study", *(self._backend(name).environment for name in self.codecs)}
        plan = {
            "study": self.name,
            "config": {key: value for key, value in self.config.items() if key not in left_out},
            "metrics": self.config["metrics"],
            "sets": {name: list(parts) for name, parts in self.parts.items()},
            "codecs": chosen,
            "files": [file for file in files if "/images/" not in file and file != "index.html"] + list(more),
            "locks": {name: lock(name) for name in sorted(environments)},
            "graph": dict(graph),
        }
        return json.dumps(plan)

    def image_names(self, image_set: str) -> list[str]:
        """The names of a set's images."""
        return images_sets.names(self._known_sets[image_set], self._known_sets)

    def part_images(self, part: str) -> list[str]:
        """The names of the images of a set, or part of one, of the study or its experiments."""
        return images_sets.names(dict(self._all_parts())[part], self._known_sets)

    def catalogued(self, codec: str) -> dict:
        """What a codec's id means, of the study or its experiments."""
        return self._catalogued[codec]

    def generation(self, record: str, codec: str, quality: str) -> int:
        """The `generation` of an encode or decode job by its record."""
        return generation(record, lambda: self._load(codec, quality).skip() is None)

    def _load(self, codec: str, quality: str) -> base.Codec:
        return codec_registry.load(
            codec, self._exact(codec, quality), self._catalogued[codec], *map(Path, self.weights(codec, quality))
        )

    def _all_parts(self) -> Iterator[tuple[str, dict]]:
        for parts in {**self.latents.parts, **self.parts}.values():
            yield from parts.items()

    def _backend(self, codec: str) -> type[base.Codec]:
        return codec_registry.backend(self._catalogued[codec]["backend"])

    @cached_property
    def _downloads(self) -> dict[str, tuple[str, str]]:
        """A codec and quality that need each file of weights that is to be downloaded, by its name."""
        found: dict[str, tuple[str, str]] = {}
        for codec in self._catalogued:
            for quality in map(str, self._chosen(codec)):
                needed = self._weights(codec, quality)
                if needed is not None and needed.path is None:
                    found.setdefault(needed.file, (codec, quality))
        return found

    @cache  # noqa: B019 (a process has one plan)
    def _weights(self, codec: str, quality: str) -> base.Weights | None:
        settings = self._catalogued[codec].get("settings", {})
        return self._backend(codec).weights_source(settings, self._exact(codec, quality))

    def _exact(self, codec: str, quality: str) -> int | float | str:
        """The quality that stands as `quality` in paths."""
        return next(exact for exact in self._chosen(codec) if str(exact) == quality)

    def _chosen(self, codec: str) -> list:
        """The qualities of a codec that the study or its experiments run."""
        return [*self.qualities.get(codec, []), *self.latents.qualities.get(codec, [])]


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
    """Set what the jobs of this process inherit: `python` is that of Snakemake; mirror, cache and limits the config's.

    They are no parameters of a job: a moved checkout, another mirror or another limit reruns nothing.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name, folder in (("STUDY_MIRROR", config["mirror"]), ("STUDY_CACHE", config["cache"])):
        if folder:
            os.environ[name] = str(Path(folder).expanduser())
    os.environ.setdefault("STUDY_STARTED", str(time.time()))
    for name, value in config["cell_limit"].items():
        os.environ[f"STUDY_CELL_{name.upper()}"] = "" if value is None else str(value)


def generation(record: str | Path, runs: Callable[[], bool] = lambda: False) -> int:
    """How often a job's lost files were made again: the number in its record, one more if files are lost now.

    The workflow keeps it as a parameter of the job, so that a deleted bitstream or image, a cell that failed, or a
    skipped one whose codec now `runs` makes the job run again although its record is there. 0 without a record.
    """
    record = Path(record)
    try:
        with record.open(newline="", encoding="utf-8") as lines:
            columns, *rows = csv.reader(lines)
    except FileNotFoundError:
        return 0
    file, number = columns.index("file"), columns.index("generation")
    status = columns.index("status") if "status" in columns else None
    here = _names(record.parent)
    ended = set() if status is None else {row[status] for row in rows}  # images' records have none
    lost = (
        any(row[file] and row[file] not in here for row in rows)
        or outcome.FAILED in ended
        or (outcome.SKIPPED in ended and runs())
    )
    return int(rows[0][number] if rows else 0) + lost


@cache
def _names(folder: Path) -> frozenset[str]:
    return frozenset(entry.name for entry in os.scandir(folder))


def _module(kind: type[base.Codec]) -> str:
    return Path(*kind.__module__.split(".")).with_suffix(".py").as_posix()


def _parts(name: str, known: Mapping[str, dict], size: int | None) -> dict[str, dict]:
    names = images_sets.names(known[name], known)
    if size is None or len(names) <= size:
        return {name: known[name]}
    cuts = [names[start : start + size] for start in range(0, len(names), size)]
    return {f"{name}.{number}": {"of": name, "only": cut} for number, cut in enumerate(cuts, start=1)}


__all__ = ["Plan", "Training", "code", "generation", "lock", "origin", "prepare_environment"]
