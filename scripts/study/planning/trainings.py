"""What the trainings of a study depend on."""

from __future__ import annotations

import os

from study.core import paths
from study.core.errors import StudyError
from study.planning import study as study_config
from study.training import recipes


class Training:
    """What the trainings of a study depend on: the files of `photos`, their `manifest` (in a list, if any), recipes.

    Raises StudyError for a folder without files, and for recipes that mean nothing.
    """

    def __init__(self, training: study_config.Training) -> None:
        folder = paths.resolved(training.photos)
        self.photos = [os.path.relpath(path) for path in sorted(folder.rglob("*")) if path.is_file()]
        if not self.photos:
            raise StudyError(f"training.photos: {folder} holds no files; it must be a folder of photos")
        self.manifest = [os.path.relpath(paths.resolved(training.manifest))] if training.manifest else []
        self._recipes = recipes.load(paths.resolved(training.recipes))

    def start(self, model: str, quality: str) -> list[str]:
        """The weights that a training starts from, in a list; empty for one that starts from the photos."""
        return recipes.start(self._recipes, model, quality)

    def options(self, model: str, quality: str) -> dict[str, str]:
        """The options of `train.py`, by name."""
        return recipes.options(self._recipes, model, quality)
