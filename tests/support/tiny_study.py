"""A tiny study in a copy of the repository: two crops of a photo, JPEG and WebP at four qualities each."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "Snakefile",
    "config.yaml",
    "catalogue",
    "references",
    "rules",
    "scripts",
    "envs",
    "profiles",
    "tools",
)
TINY = {
    "study": "tiny",
    "images": ["crops"],
    "codecs": {"jpeg": [10, 30, 60, 90], "webp": [10, 30, 60, 90]},
    "bd_rate": {"anchor": "jpeg", "metrics": ["psnr_rgb"], "resamples": 100},
    "define": {
        "images": {
            "crops": {"description": "two crops", "licence": "public domain", "folder": "photos"},
        }
    },
}

GATE = """

_encode = Backend.encode


def _waiting(self, rgb):
    import fcntl

    with open("gate") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
    return _encode(self, rgb)


Backend.encode = _waiting
"""


@dataclass
class Run:
    """What a run of Snakemake did: its exit status, its output, and the jobs it ran (or would run) by rule."""

    status: int
    output: str

    @property
    def jobs(self) -> dict[str, int]:
        lines = iter(self.output.splitlines())
        for line in lines:
            if line.split() == ["job", "count"]:
                next(lines)
                break
        else:
            return {}
        counts = {}
        for line in lines:
            name, _, count = line.strip().rpartition(" ")
            if name.strip() == "total" or not count.isdigit():
                break
            counts[name.strip()] = int(count)
        return counts


@dataclass
class Study:
    """A copy of the repository with a config of its own."""

    folder: Path
    config: dict

    def write(self) -> None:
        (self.folder / "tiny.yaml").write_text(yaml.safe_dump(self.config))

    def command(self, *options: str) -> list[str]:
        base = [sys.executable, "-m", "snakemake", "--configfile", "tiny.yaml", "--cores", "2"]
        return [*base, *options]

    def run(self, *options: str) -> Run:
        self.write()
        done = subprocess.run(
            self.command(*options), cwd=self.folder, env=environment(), capture_output=True, text=True, timeout=900
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def plan(self) -> dict[str, int]:
        """The jobs that a run would do, by rule, without the target."""
        dry = self.run("-n")
        assert dry.status == 0, dry.output
        return {rule: count for rule, count in dry.jobs.items() if rule != "all"}

    def products(self) -> dict[str, bytes]:
        """The content of every bitstream, image and score of the study, by path."""
        paths = sorted((self.folder / "results").rglob("*"))
        wanted = ("bitstreams", "decoded", "images", "scores")
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in paths
            if path.is_file()
            and path.relative_to(self.folder).parts[1] in wanted
            and path.name not in ("encoded.csv", "decoded.csv")
        }


@contextlib.contextmanager
def held(study: Study, codec: str) -> Iterator[None]:
    """Let no job of a codec encode, in this block: it waits for a lock that the test holds.

    So a run of the study is certainly not over before the block is. The codec's bitstreams are what they always are.
    """
    gate = study.folder / "gate"
    gate.touch()
    module = study.folder / f"scripts/study/codecs/classical/{codec}.py"
    module.write_text(module.read_text() + GATE)
    with gate.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def environment() -> dict[str, str]:
    """The environment of a run: one thread a job, and nothing of the user's mirror and cache."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("STUDY_", "SNAKEMAKE_"))}


def make_study(folder: Path) -> Study:
    """A copy of the repository in `folder`, with the tiny study's config and images."""
    import skimage.data
    from PIL import Image

    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    (folder / "photos").mkdir()
    photo = Image.fromarray(skimage.data.astronaut())
    photo.crop((150, 0, 350, 180)).save(folder / "photos" / "face.png")
    photo.crop((300, 250, 480, 480)).save(folder / "photos" / "suit.png")
    return Study(folder, copy.deepcopy(TINY))
