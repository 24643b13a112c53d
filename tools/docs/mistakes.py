"""The commonest mistakes, made on purpose, and what the workflow says to each: for the page on troubleshooting.

Each has a file `mistake_<name>.yaml` with what was given and `mistake_<name>.txt` with the message.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from study.planning import lock

STUDY = "studies/mine.yaml"
CONFIGS = {
    "key": """\
study: mine
images: [photos]
codecs: {jpeg: [30, 60, 90]}
metric: [psnr_rgb]
""",
    "codec": """\
study: mine
images: [photos]
codecs: {jpg: all, webp: all}
""",
    "quality": """\
study: mine
images: [photos]
codecs: {jpeg: [10, 50, 200]}
""",
    "anchor": """\
study: mine
images: [photos]
codecs: {webp: all, avif: all}
bd_rate: {anchor: jpeg}
""",
    "redefined": """\
study: mine
images: [photos]
codecs: {jpeg: all}
define:
  codecs:
    jpeg:
      backend: jpeg
      label: JPEG 4:4:4
      family: JPEG
      parameter: quality, 1 to 95
      qualities: [30, 60, 90]
      settings: {subsampling: "4:4:4"}
""",
    "yaml": """\
study: mine
images: [photos
codecs: {jpeg: all}
""",
    "folder": """\
study: mine
images: [holiday]
codecs: {jpeg: all}
define:
  images:
    holiday: {folder: photos/holliday}
""",
}


def files(root: Path) -> dict[str, str]:
    """The fragments by file name."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = {name: (config, root, Path(folder), name) for name in CONFIGS}
        jobs |= {"offline": (offline, root, Path(folder)), "transparent": (transparent, root, Path(folder))}
        jobs |= {"second": (second, root, Path(folder)), "environment": (environment, root)}
        jobs |= {"weights": (weights, root, Path(folder)), "study": (study, root)}
        with ThreadPoolExecutor(2) as pool:
            said = {name: pool.submit(*job) for name, job in jobs.items()}
            messages = {name: done.result() for name, done in said.items()}
    bad = [name for name, text in messages.items() if not text.strip() or "can't open file" in text or "Trace" in text]
    if bad:
        raise ValueError(f"these mistakes are answered by no message: {', '.join(bad)}")
    given = {f"mistake_{name}.yaml": text for name, text in CONFIGS.items()}
    return given | {f"mistake_{name}.txt": message.rstrip() + "\n" for name, message in messages.items()}


def config(root: Path, folder: Path, name: str) -> str:
    """What Snakemake says of a config, before any job."""
    path = folder / name / STUDY
    path.parent.mkdir(parents=True)
    path.write_text(CONFIGS[name], encoding="utf-8")
    checked = called(folder / name, str(root / "tools" / "run_study.py"), "--study", Path(STUDY).stem)
    if checked.returncode != 0:  # as `make study` begins
        return checked.stderr
    done = called(root, "-m", "snakemake", "-n", "--configfile", str(path))
    if done.returncode == 0:
        raise ValueError(f"the mistake {name!r} is none any more")
    said = (
        (done.stdout + done.stderr)
        .replace(os.path.relpath(path, root), STUDY)
        .replace(str(path), STUDY)
        .replace(f"{root}/", "")
    )
    noise = re.compile(r"\s*(Using workflow specific|WorkflowError|File \"|host:|Building DAG)")
    return "\n".join(line for line in said.splitlines() if line.strip() and not noise.match(line))


def offline(root: Path, folder: Path) -> str:
    """A download that finds no server."""
    spec = '{"images": {"first": "%s"}, "url": "http://127.0.0.1:9/{image}.png"}' % ("0" * 64)
    cache = str(folder / "cache")
    given = ("--set", "web", "--spec", spec, "--cache", cache, "--out", str(folder / "results/images/web/images.csv"))
    return refused(called(root, "scripts/fetch_images.py", *given), folder)


def transparent(root: Path, folder: Path) -> str:
    """A local image with transparency."""
    from PIL import Image

    photos = folder / "photos"
    photos.mkdir()
    Image.new("RGBA", (16, 16), (200, 100, 50, 128)).save(photos / "logo.png")
    given = ("--set", "mine", "--spec", f'{{"folder": "{photos}"}}', "--out", str(folder / "results/images/mine.csv"))
    return refused(called(root, "scripts/fetch_images.py", *given), folder)


def second(root: Path, folder: Path) -> str:
    """A run in a folder where another one works: this process holds the lock."""
    lock.hold(folder)
    code = f"import sys; sys.path.insert(0, 'scripts')\nfrom study.planning import lock\nlock.hold({str(folder)!r})"
    last = called(root, "-c", code).stderr.splitlines()[-1].partition(": ")[2]
    return re.sub(r"process \d+ on [^)]*", "process 4242 on lab1", last)


def environment(root: Path) -> str:
    """A codec whose environment isn't built: the reason in the tables."""
    code = (
        "import sys; sys.path.insert(0, 'scripts'); sys.modules['tensorflow'] = None\n"
        "sys.modules['tensorflow_compression'] = None\n"
        "from study.codecs import registry\n"
        "spec = registry.CodecSpec(backend='tfci', settings={'model': 'hific-{quality}'})\n"
        "print(registry.load('tfci-hific', 'lo', spec).skip())"
    )
    return called(root, "-c", code).stdout


def weights(root: Path, folder: Path) -> str:
    """A bitstream of one quality, decoded as another."""
    code = (
        "import json, sys; sys.path.insert(0, 'scripts')\n"
        "from pathlib import Path\n"
        "import numpy\n"
        "from study.codecs import registry\n"
        "from study.core.errors import StudyError\n"
        "from study.planning import entries\n"
        "name = 'tiny-bmshj2018-hyperprior-mse'\n"
        "spec = entries.codecs()[name]\n"
        "two, three = (registry.load(name, q, spec, Path(f'models/{name}/{q}.safetensors')) for q in (2, 3))\n"
        "image = numpy.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype('uint8')\n"
        "try:\n    three.decode(two.encode(image))\nexcept StudyError as error:\n    print(error)"
    )
    return called(root, "-c", code).stdout


def study(root: Path) -> str:
    """A study's name misspelt."""
    return called(root, "tools/run_study.py", "--study", "kodka").stderr


def called(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    """What Python does with a script in a folder."""
    private = {"OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    known = {name: value for name, value in os.environ.items() if not name.startswith("STUDY_")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, env=known | private, capture_output=True, text=True, timeout=300
    )


def refused(done: subprocess.CompletedProcess, folder: Path) -> str:
    if done.returncode == 0:
        raise ValueError(f"{' '.join(map(str, done.args[:3]))}: this mistake is none any more")
    last = done.stderr[done.stderr.rfind("error: ") :]
    return last.replace(f"{folder}/", "").replace(str(folder), "")
