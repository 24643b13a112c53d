"""Coverage-guided fuzzing (atheris, which has libFuzzer) of everything that reads what others wrote.

    pip install atheris==3.0.0
    fuzz.py container --inputs 1000000

A reader may give a result or raise StudyError (protobuf's: ValueError); anything else is a finding, which ends the run
with the input written to crash-*. The targets start from the files of tests/fuzz/<target>/.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

try:
    import atheris
except ImportError:  # --help needs none
    atheris = None

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

with atheris.instrument_imports(include=["study"]) if atheris else contextlib.nullcontext():
    from study.codecs.compressai import bitstream
    from study.codecs.tfci import protobuf, tfci_file
    from study.core import readers, strict_yaml
    from study.core.errors import StudyError
    from study.latents import edits
    from study.planning import config

SCRATCH = Path(tempfile.gettempdir(), "fuzzed")
COLUMNS = ("image", "file", "width", "height", "sha256")


def container(data: bytes) -> None:
    """The bitstream of a learned codec, as it is and with the CRC that it should have."""
    for tried in (data, data[:4] + zlib.crc32(data[8:]).to_bytes(4, "little") + data[8:]):
        try:
            bitstream.parse(tried)
        except StudyError:
            continue


def tfci(data: bytes) -> None:
    """A .tfci file."""
    tfci_file.unpack(data)


def wire(data: bytes) -> None:
    """Protocol buffers, three levels deep, as a metagraph is looked through."""
    try:
        for _, part in protobuf.fields(data):
            for _, inner in protobuf.fields(part):
                list(protobuf.fields(inner))
    except ValueError:
        return


def record(data: bytes) -> None:
    """A record of a job: a CSV file."""
    SCRATCH.write_bytes(data)
    readers.read_record(SCRATCH, COLUMNS)


def yaml(data: bytes) -> None:
    """A YAML file."""
    SCRATCH.write_bytes(data)
    readers.read_yaml(SCRATCH)


def edit(data: bytes) -> None:
    """An edit of latents, as YAML."""
    parsed = edits.parsed(strict_yaml.load(data.decode(errors="replace"), "edit"))
    for _ in edits.problems(parsed, {"y": 48, "z": 16}):
        continue


def study(data: bytes) -> None:
    """A whole study file."""
    SCRATCH.write_bytes(data)
    config.checked(readers.read_yaml(SCRATCH))


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (container, tfci, wire, record, yaml, edit, study)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=0, help="at most so long (default: no limit)")
    arguments = parser.parse_args()
    if atheris is None:
        sys.exit("the package atheris is not installed; get it with: pip install atheris==3.0.0")
    global SCRATCH
    SCRATCH = Path(tempfile.mkdtemp(prefix="fuzz-"), "input")
    seeds = ROOT / "tests" / "fuzz" / arguments.target
    corpus = SCRATCH.parent / "corpus"
    corpus.mkdir()
    options = [f"-runs={arguments.inputs}", f"-max_total_time={arguments.seconds}", "-timeout=30", "-seed=1"]

    def once(data: bytes) -> None:
        try:
            TARGETS[arguments.target](data)
        except StudyError as error:
            assert str(error), "an error without a message"

    atheris.Setup(["fuzz", *options, str(corpus), *([str(seeds)] if seeds.is_dir() else [])], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
