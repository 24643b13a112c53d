"""What the experiments of a study consist of: their jobs, what they depend on, and what they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from study.core import results
from study.core.cell import Cell
from study.latents import edits
from study.planning.entries import CodecEntry, Quality
from study.planning.latents.experiments import Edited
from study.planning.study import Study


class Experiments:
    """The experiments of a study, spelled out for the workflow. `cut` gives the parts of an image set."""

    def __init__(
        self, study: Study, catalogued: Mapping[str, CodecEntry], cut: Callable[[str], dict[str, dict]]
    ) -> None:
        self.study = study.study
        self.by_name = study.latents
        self.parts: dict[str, dict[str, dict]] = {}
        self.qualities: dict[str, list] = {}
        self._catalogued = catalogued
        for name, experiment in self.by_name.items():
            for image_set in (*experiment.images, *edits.sets_needed(experiment.edits)):
                self.parts.setdefault(image_set, cut(image_set))
            for codec, chosen in self._codecs(name):
                known = self.qualities.setdefault(codec, [])
                known += [quality for quality in chosen if quality not in known]

    def jobs(self, name: str) -> list[Edited]:
        """The jobs of an experiment: (part of an image set, codec, quality)."""
        return [
            Edited(name, image_set, part, codec, str(quality))
            for image_set in self.by_name[name].images
            for part in self.parts[image_set]
            for codec, chosen in self._codecs(name)
            for quality in chosen
        ]

    def records(self, name: str, *kinds: str) -> list[str]:
        """The records of an experiment's jobs, of each of some kinds (encoded, decoded, scores)."""
        return [results.edited(self.study, name, job.path, kind) for job in self.jobs(name) for kind in kinds]

    def scores(self, name: str) -> list[str]:
        """The score records of an experiment's jobs."""
        return self.records(name, "scores")

    def latents(self, name: str) -> list[str]:
        """The records of latents that an experiment edits."""
        return [Cell(job.image_set, job.part, job.codec, job.quality).latents() for job in self.jobs(name)]

    def references(self, name: str, part: str, codec: str, quality: str) -> dict[str, list[str]]:
        """The records of latents that the edits of a job ask for, by image set, beside that of its own images.

        A set that is cut into parts is among them if its own images are of it.
        """
        own = self.image_set(name, part)
        wanted = dict.fromkeys(edits.sets_needed(self.by_name[name].edits))
        if len(self.parts[own]) > 1:
            wanted[own] = None
        return {
            image_set: [Cell(image_set, part_of_set, codec, quality).latents() for part_of_set in self.parts[image_set]]
            for image_set in wanted
        }

    def files(self, name: str) -> list[str]:
        """The files that the edits of an experiment ask for: masks."""
        return edits.files_needed(self.by_name[name].edits)

    def image_set(self, name: str, part: str) -> str:
        """The image set of an experiment that a part belongs to."""
        return next(chosen for chosen in self.by_name[name].images if part in self.parts[chosen])

    def cells(self, name: str) -> list[dict[str, str]]:
        """The jobs of an experiment as plain objects."""
        return [
            {"experiment": name, "set": job.image_set, "part": job.part, "codec": job.codec, "quality": job.quality}
            for job in self.jobs(name)
        ]

    def figure_names(self, name: str) -> list[str]:
        """The figures of an experiment, by the names of their files."""
        return self.by_name[name].figures.names()

    def products(self, folder: str) -> list[str]:
        """The tables and figures of the experiments of a study, which lies in `folder`."""
        return [path for name in self.by_name for path in self._products(folder, name)]

    def _products(self, folder: str, name: str) -> Iterator[str]:
        yield from (f"{folder}/latents/{name}/{table}.csv" for table in ("edits", "channels"))
        if self.figure_names(name):
            for job in self.jobs(name):
                yield f"{folder}/figures/latents/{name}/{job.path}/figures.csv"

    def _codecs(self, name: str) -> list[tuple[str, list[Quality]]]:
        by_codec = self.by_name[name].codecs
        return [(codec, self._catalogued[codec].chosen(qualities)) for codec, qualities in by_codec.items()]
