"""What a study consists of: its parts of image sets, its cells (part, codec, quality), and what they depend on."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path

from study.codecs import base, targeted
from study.codecs import registry as codec_registry
from study.core import outcome, paths, results
from study.core.cell import Cell
from study.core.errors import StudyError
from study.figures import paper
from study.images import sets as images_sets
from study.metrics import registry as metric_registry
from study.planning import entries
from study.planning.code_hash import code, content, contents, lock
from study.planning.latents.jobs import Experiments
from study.planning.scores import Scores
from study.planning.study import Study
from study.training import recipes


class Plan:
    """A study, spelled out for the workflow. Nothing is read but catalogues and records.

    Each of thousands of jobs asks the same questions; hence the caches.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.name = study.study
        self.catalogued = entries.codecs(study.define.codecs)
        self.codecs = {name: self.catalogued[name] for name in study.codecs}
        self.qualities = {name: self.codecs[name].chosen(chosen) for name, chosen in study.codecs.items()}
        self.known_sets = entries.image_sets(study.define.images)
        self.parts = {name: self._cut(name) for name in study.images}
        self.scores = Scores(study.metrics)
        self.latents = Experiments(study, self.catalogued, self._cut)
        self._exact = {
            name: {
                str(quality): self._parameter(name, quality)
                for quality in (*self.qualities.get(name, ()), *self.latents.qualities.get(name, ()))
            }
            for name in self.catalogued
        }

    def part_names(self) -> list[str]:
        """The names of all image sets, or parts of sets, as they stand in paths."""
        return [part for parts in self.parts.values() for part in parts]

    def image_records(self, image_set: str) -> list[str]:
        """The records of an image set's images, one for each of its parts."""
        return [results.images(part) for part in self.parts[image_set]]

    def downloaded(self) -> list[str]:
        """The image sets, or parts of sets, that come from URLs."""
        return [part for part, spec in self.all_parts.items() if images_sets.kind(spec) == "url"]

    def images_spec(self, part: str) -> dict:
        """What decides an image set, or part of one, in alphabetical order: another order is no other set."""
        return json.loads(json.dumps(self.all_parts[part], sort_keys=True))

    @cache  # noqa: B019 (a process has one plan)
    def image_files(self, part: str) -> list[str]:
        """The local files that an image set is made from: those of a folder, none for other sources."""
        return images_sets.sources(self.all_parts[part])

    def image_names(self, image_set: str) -> list[str]:
        """The names of a set's images."""
        return images_sets.names(entries.image_spec(image_set, self.known_sets))

    def tags(self, image_set: str) -> dict[str, list[str]]:
        """The images of a set that bear each tag."""
        return entries.tags(image_set, self.known_sets)

    def part_images(self, part: str) -> list[str]:
        """The names of the images of a set, or part of one, of the study or its experiments."""
        return images_sets.names(self.all_parts[part])

    def spec(self, codec: str, quality: str = "") -> dict:
        """What decides a codec's bitstreams: backend and settings, in alphabetical order; at a target the range too."""
        entry = self.catalogued[codec]
        decides: dict[str, object] = {"backend": entry.backend, "settings": entry.settings}
        if targeted.parsed(quality):
            decides |= {"range": entry.range, "step": entry.step}
        return json.loads(json.dumps(decides, sort_keys=True))

    def exact(self, codec: str, quality: str) -> entries.Quality:
        """A cell's quality as the codec has it; at a target the best parameter of its range."""
        return self._exact[codec][quality]

    @property
    def asked_qualities(self) -> dict[str, list[str]]:
        """The qualities, as text, of each codec of the study or of its experiments."""
        return {codec: list(exact) for codec, exact in self._exact.items() if exact}

    def encoder(self, quality: str) -> str:
        """The script that encodes at a quality."""
        return "encode_target.py" if targeted.parsed(quality) else "encode.py"

    def target_options(self, quality: str) -> list[str]:
        """Options of `encode_target.py` beside those of every encoder: the target's metric, unless it is a rate."""
        target = targeted.parsed(quality)
        if target is None or target.metric in targeted.RATES:
            return []
        words = ["--metrics", metric_registry.recipes([target.metric])]
        return words + ["--less-is-better"] * (metric_registry.entry(target.metric).sign < 0)

    @cache  # noqa: B019 (a process has one plan)
    def weights(self, codec: str, quality: str) -> str | None:
        """The file of weights of a cell: one of the checkout, relative to it, or one below results. None without."""
        needed = self.weights_source(codec, quality)
        return needed and (needed.path or results.weights(needed.file))

    @cache  # noqa: B019 (a process has one plan)
    def weights_from_jobs(self, codec: str, quality: str) -> list[str]:
        """The file of weights of a cell, in a list, if another job makes it."""
        path = self.weights(codec, quality)
        return [path] if path is not None and path.startswith(f"{results.FOLDER}/") else []

    def weights_of(self, file: str) -> tuple[str, str]:
        """A codec and quality that need a file of weights that is to be downloaded. Raises StudyError if none does."""
        if file not in self._downloads:
            raise StudyError(f"no codec of this study needs the weights {file!r}")
        return self._downloads[file]

    def bundled_weights(self) -> list[str]:
        """The hashes of the files of weights of the study's codecs that are the checkout's own."""
        return [content(self.weights(*cell)) for cell in self.weighted() if not self.weights_from_jobs(*cell)]

    def weighted(self) -> list[tuple[str, str]]:
        """Every (codec, quality) of the study that needs a file of weights."""
        return [
            (codec, str(quality))
            for codec, chosen in self.qualities.items()
            for quality in chosen
            if self.weights(codec, str(quality)) is not None
        ]

    def environment(self, codec: str) -> str:
        """The environment that a codec's jobs need."""
        return self._backend(codec).environment

    def gpus(self, codec: str) -> int:
        """How many GPUs a job of a codec needs: one, if its settings name the device cuda."""
        return int(self.catalogued[codec].settings.get("device") == "cuda")

    def group(self, codec: str) -> str:
        """The kind of submission that a codec's jobs go into on a cluster: those with a GPU keep to themselves."""
        return "gpu_cells" if self.gpus(codec) else "cells"

    def threads(self, codec: str) -> int:
        """How many threads a codec uses: as many as its settings say."""
        return self.catalogued[codec].settings.get("threads", 1)

    @cache  # noqa: B019 (a process has one plan)
    def code(self, script: str, codec: str, quality: str) -> str:
        """The hash of a script's code, the codec's backend included.

        With it go the pins of their environment, weights that no job makes, and code outside this project that the
        codec runs.
        """
        kind = self._backend(codec)
        own = [] if self.weights_from_jobs(codec, quality) else filter(None, [self.weights(codec, quality)])
        outside = kind.sources(self.catalogued[codec].settings)
        modules = metric_registry.modules(_metric(quality)) if script == self.encoder(quality) else []
        hashes = [code(script, _module(kind), *modules), lock(kind.environment), *map(content, own)]
        return " ".join([*hashes, contents(*outside)] if outside else hashes)

    def backends(self, *names: str) -> list[str]:
        """The modules of the backends of some codecs, relative to `scripts/`."""
        return sorted({_module(self._backend(codec)) for codec in names})

    @cached_property
    def known_recipes(self) -> dict[str, recipes.Recipe]:
        """The recipes of the study's own trainings, or those of the bundled weights."""
        return recipes.load(paths.resolved(self.study.training.recipes) if self.study.training else recipes.FILE)

    @cache  # noqa: B019 (a process has one plan)
    def training_of(self, codec: str, quality: str) -> tuple[str, str] | None:
        """The training, as id and quality, that made a cell's weights; None for weights that no recipe makes."""
        path = self.weights(codec, quality)
        folders = (recipes.BUNDLED, recipes.FOLDER)
        ours = path is not None and str(Path(path).parent.parent) in folders
        return recipes.of_weights(self.known_recipes, path) if ours else None

    def trained(self) -> dict[str, list[str]]:
        """The models that the study trains for its codecs, with their qualities."""
        by_model: dict[str, list[str]] = {}
        for path in (Path(path) for cell in self.weighted() for path in self.weights_from_jobs(*cell)):
            if path.parent.parent == Path(recipes.FOLDER) and path.stem not in by_model.get(path.parent.name, ()):
                by_model.setdefault(path.parent.name, []).append(path.stem)
        return by_model

    def cells(self) -> list[Cell]:
        """Every cell of the study."""
        return [
            Cell(image_set, part, codec, str(quality))
            for image_set, parts in self.parts.items()
            for part in parts
            for codec, chosen in self.qualities.items()
            for quality in chosen
        ]

    def error_maps(self) -> list[str]:
        """The records of the error maps that the page shows: those of every cell, for a study that names `flip`."""
        return [cell.error_maps() for cell in self.cells()] if "flip" in self.study.metrics else []

    def generation(self, record: str, codec: str, quality: str) -> int:
        """The `generation` of a job of a codec by its record."""
        return generation(record, lambda: self._load(codec, quality).skip() is None)

    def _load(self, codec: str, quality: str) -> base.Codec:
        path = self.weights(codec, quality)
        return codec_registry.load(
            codec, self._exact[codec][quality], self.catalogued[codec], *([paths.resolved(path)] if path else [])
        )

    def _parameter(self, codec: str, quality: entries.Quality) -> entries.Quality:
        ends = self.catalogued[codec].range
        return ends[1] if ends and targeted.parsed(quality) else quality

    def _cut(self, name: str) -> dict[str, dict]:
        """The specifications of an image set's parts by name: its own, if it isn't cut.

        No id has an `@`, so none is a part's name.
        """
        spec = entries.image_spec(name, self.known_sets)
        size, names = self.study.part_size, images_sets.names(spec)
        if size is None or len(names) <= size:
            return {name: spec}
        cuts = [names[start : start + size] for start in range(0, len(names), size)]
        return {
            f"{name}@{number}": images_sets.resolved({"of": name, "only": cut}, {name: spec})
            for number, cut in enumerate(cuts, start=1)
        }

    @cached_property
    def all_parts(self) -> dict[str, dict]:
        """The specifications of all image sets, or parts of sets, of the study and its experiments."""
        return {part: spec for parts in {**self.latents.parts, **self.parts}.values() for part, spec in parts.items()}

    def _backend(self, codec: str) -> type[base.Codec]:
        return codec_registry.backend(self.catalogued[codec].backend, self.catalogued[codec].settings)

    @cached_property
    def _downloads(self) -> dict[str, tuple[str, str]]:
        """A codec and quality that need each file of weights that is to be downloaded, by its name."""
        by_file: dict[str, tuple[str, str]] = {}
        for codec, chosen in self._exact.items():
            for quality in chosen:
                needed = self.weights_source(codec, quality)
                if needed is not None and needed.path is None:
                    by_file.setdefault(needed.file, (codec, quality))
        return by_file

    @cache  # noqa: B019 (a process has one plan)
    def weights_source(self, codec: str, quality: str) -> base.Weights | None:
        """The file of weights that a cell needs and where it comes from."""
        settings = self.catalogued[codec].settings
        return self._backend(codec).weights_source(settings, self._exact[codec][quality])


def generation(record: str | Path, runs: Callable[[], bool] = lambda: False) -> int:
    """How often a job's lost files were made again: the number in its record, one more if files are lost now.

    The workflow keeps it as a parameter of the job, so that a deleted bitstream, image or figure, a cell that failed,
    or a skipped one whose codec now `runs` makes the job run again although its record is there. 0 without a record,
    and for one that another version wrote, whose job runs again since its code differs.
    """
    record = Path(record)
    try:
        with record.open(newline="", encoding="utf-8") as lines:
            columns, *rows = list(csv.reader(lines)) or [[]]
    except FileNotFoundError:
        return 0
    files = [columns.index(name) for name in ("file", "png", *paper.VECTOR) if name in columns]
    if not files or "generation" not in columns:
        return 0
    number = columns.index("generation")
    status = columns.index("status") if "status" in columns else None
    ended = set() if status is None else {row[status] for row in rows}  # images' records have none
    lost = (
        any(row[file] and not _is_there(record.parent / row[file]) for row in rows for file in files)
        or outcome.FAILED in ended
        or (outcome.SKIPPED in ended and runs())
    )
    return int(rows[0][number] if rows else 0) + lost


def _is_there(path: Path) -> bool:
    return path.name in _names(path.parent)


@cache
def _names(folder: Path) -> frozenset[str]:
    return frozenset(entry.name for entry in os.scandir(folder)) if folder.is_dir() else frozenset()


def _metric(quality: str) -> list[str]:
    """The metric that must be computed for a target, in a list."""
    target = targeted.parsed(quality)
    return [target.metric] if target and target.metric not in targeted.RATES else []


def _module(kind: type[base.Codec]) -> str:
    return Path(*kind.__module__.split(".")).with_suffix(".py").as_posix()
