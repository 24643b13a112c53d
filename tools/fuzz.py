"""Coverage-guided fuzzing (atheris, which has libFuzzer) of everything that reads what others wrote.

    pip install atheris==3.0.0
    fuzz.py container --inputs 1000000

A reader may give a result or raise StudyError (protobuf's: ValueError); anything else is a finding, which ends the run
with the input written to crash-*. The targets start from the files of tests/fuzz/<target>/. Those that read YAML also
put in the keys of the schema; a study is checked against catalogues of a few entries, read once. Files that a reader
opens are in memory where there is /dev/shm.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import re
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
    from study.core import paths, readers, strict_yaml
    from study.core.errors import StudyError
    from study.latents import edits
    from study.planning import catalogue, config

SCRATCH = Path(tempfile.gettempdir(), "fuzzed")
COLUMNS = ("image", "file", "width", "height", "sha256")
LONGEST = {"record": 300, "yaml": 200, "edit": 160, "study": 500}  # bytes; others: what libFuzzer takes
ENTRIES = ("jpeg", "webp", "tiny-bmshj2018-hyperprior-mse", "tiny-bmshj2018-factorized-mse", "photos")
MARKS = [": ", "- ", *"{}[]'", ", ", "\n", "\n  ", "&a ", "*a", "<<: ", "!!", '"', "null", "all", ".inf", "1e9"]


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
    edits.as_text(parsed.steps)
    for _ in edits.problems(parsed, {"y": 48, "z": 16}):
        continue


def study(data: bytes) -> None:
    """A whole study file."""
    SCRATCH.write_bytes(data)
    config.checked(readers.read_yaml(SCRATCH))


def read_own_files_once() -> None:
    """Have the schema and the catalogues, cut to ENTRIES, read and checked once, not for every study."""
    read = readers.read_yaml

    @functools.cache
    def own(path: Path) -> dict:
        content = read(path)
        if path.parent != paths.CATALOGUE or path.stem not in ("codecs", "images", "claims"):
            return content
        if path.stem == "claims":  # they are about codecs that are left out
            return {}
        return {name: entry for name, entry in content.items() if name in ENTRIES}

    def quick(path: str | Path, numeric_keys: bool = False) -> dict:
        return own(path) if Path(path).is_relative_to(ROOT) else read(path, numeric_keys)

    readers.read_yaml = catalogue.read_yaml = quick
    problems = list(config._catalogue_problems(quick(config.SCHEMA)))
    config._catalogue_problems = lambda _: problems


def words() -> list[str]:
    """The words of YAML and of the schema."""
    schema = config.SCHEMA.read_text(encoding="utf-8")
    return sorted({*re.findall(r"[a-z_]{2,}(?=:)", schema), *ENTRIES, *MARKS})


def dictionary(path: Path) -> Path:
    """A file of libFuzzer with the `words`."""
    escaped = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words())
    path.write_text("".join(f'"{word}"\n' for word in escaped))
    return path


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (container, tfci, wire, record, yaml, edit, study)
}


def check(target: str, data: bytes) -> None:
    """Give a target one input. Raises what is a finding: all but a StudyError that has a message."""
    try:
        TARGETS[target](data)
    except StudyError as error:
        assert str(error), "an error without a message"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=0, help="at most so long (default: no limit)")
    parser.add_argument("--seed", type=int, default=1, help="of the changes: another seed makes other inputs")
    arguments = parser.parse_args()
    if atheris is None:
        sys.exit("the package atheris is not installed; get it with: pip install atheris==3.0.0")
    global SCRATCH
    memory = Path("/dev/shm")
    SCRATCH = Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory if memory.is_dir() else None), "input")
    seeds = ROOT / "tests" / "fuzz" / arguments.target
    corpus = SCRATCH.parent / "corpus"
    corpus.mkdir()
    options = [f"-runs={arguments.inputs}", f"-max_total_time={arguments.seconds}", "-timeout=30"]
    options.append(f"-seed={arguments.seed}")
    if arguments.target in LONGEST:
        options.append(f"-max_len={LONGEST[arguments.target]}")
    if arguments.target in ("yaml", "edit", "study"):
        options.append(f"-dict={dictionary(SCRATCH.parent / 'words')}")
    if arguments.target == "study":
        read_own_files_once()

    once = functools.partial(check, arguments.target)
    atheris.Setup(["fuzz", *options, str(corpus), *([str(seeds)] if seeds.is_dir() else [])], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
