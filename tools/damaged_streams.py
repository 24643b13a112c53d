"""What each format detects of damage: damaged copies of a bitstream are decoded, and counted by what comes of them.

A quarter of the copies is cut short, a quarter has one to three flipped bits in the first 64 bytes, a quarter has them
anywhere, and a quarter has a run of up to 16 bytes removed, repeated or overwritten. Decoding is done in a child
process, so that a crash or a hang is counted, too. The table is printed as Markdown, and written as CSV with --out.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from study.core import atomic_io, errors, isolation

if TYPE_CHECKING:
    from study.codecs.registry import CodecSpec

OUTCOMES = ("refused", "same image", "other content", "other size", "crash or hang")
COLUMNS = ("codec", "quality", "bytes", "streams", *OUTCOMES, "seconds", "versions")
CHUNK = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("codecs", nargs="+", help="ids of the catalogue")
    parser.add_argument("--count", type=int, default=10_000, help="damaged streams of each (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the damage (default: %(default)s)")
    parser.add_argument("--mend", action="store_true", help="give the damaged streams of learned codecs their CRC back")
    parser.add_argument("--out", type=Path, help="table to write (CSV)")
    arguments = parser.parse_args()
    rows = []
    for name in arguments.codecs:
        rows.append(measured(name, arguments.count, arguments.seed, arguments.mend))
        print(line(rows[-1]), flush=True)
    if arguments.out:
        atomic_io.write_rows(arguments.out, COLUMNS, rows)


def measured(name: str, count: int, seed: int, mend: bool = False) -> dict[str, object]:
    """A row of COLUMNS for a codec of the catalogue, at the quality in the middle of its list."""
    from study.planning import catalogue, entries

    entry = catalogue.entry("codec", name, entries.codecs())
    quality = entry.qualities[len(entry.qualities) // 2]
    began = time.monotonic()
    (about,) = isolation.each([0], lambda: lambda _: described(name, quality, entry), isolation.Limit())
    if not isinstance(about, dict):
        raise errors.StudyError(f"{name}: {about}")
    counts: Counter[str] = Counter()
    for first in range(0, count, CHUNK):
        numbers = range(first, min(first + CHUNK, count))
        for outcome in isolation.each(numbers, lambda: prepared(name, quality, entry, seed, mend), isolation.Limit(60)):
            counts[str(outcome["outcome"]) if isinstance(outcome, dict) else "crash or hang"] += 1
            if isinstance(outcome, str):
                print(f"{name}: {outcome}", file=sys.stderr, flush=True)
    seconds = round(time.monotonic() - began, 1)
    return {"codec": name, "quality": quality, "streams": count, **about, **counts, "seconds": seconds}


def described(name: str, quality: float, spec: CodecSpec) -> dict[str, object]:
    """The length of the undamaged bitstream and the versions of the codec's libraries."""
    from study.codecs import registry

    codec = registry.load(name, quality, spec)
    return {"bytes": len(codec.encode(photo())), "versions": codec.versions()}


def prepared(name: str, quality: float, spec: CodecSpec, seed: int, mend: bool) -> Callable[[int], dict]:
    """What decodes the damaged copy of a number and says what came of it."""
    import numpy as np

    from study.codecs import registry

    codec = registry.load(name, quality, spec)
    stream = codec.encode(photo())
    image = codec.decode(stream)

    def tried(number: int) -> dict:
        copy = damaged(stream, random.Random(f"{seed} {number}"), number % 4)
        if mend:
            copy = copy[:4] + zlib.crc32(copy[8:]).to_bytes(4, "little") + copy[8:]
        try:
            found = codec.decode(copy)
        except errors.BitstreamError:
            return {"outcome": "refused"}
        if found.shape != image.shape:
            return {"outcome": "other size"}
        return {"outcome": "same image" if np.array_equal(found, image) else "other content"}

    return tried


def photo():
    """A crop of a photo, 96x64 pixels."""
    import skimage.data

    return skimage.data.astronaut()[60:124, 180:276].copy()


def damaged(stream: bytes, chance: random.Random, kind: int) -> bytes:
    """A copy that differs: cut (0), bits flipped in the head (1) or anywhere (2), a run of bytes changed (3)."""
    while True:
        data = bytearray(stream)
        if kind == 0:
            del data[chance.randrange(len(data)) :]
        elif kind in (1, 2):
            for _ in range(chance.randint(1, 3)):
                data[chance.randrange(min(64, len(data)) if kind == 1 else len(data))] ^= 1 << chance.randrange(8)
        else:
            at, length = chance.randrange(len(data)), chance.randint(1, 16)
            run = data[at : at + length]
            data[at : at + length] = chance.choice([b"", run + run, chance.randbytes(len(run))])
        if data != stream:
            return bytes(data)


def line(row: dict) -> str:
    """The row as a line of a Markdown table."""
    values = [row["codec"], row["bytes"], row["streams"], *(row.get(outcome, 0) for outcome in OUTCOMES)]
    return f"| {' | '.join(map(str, values))} |"


if __name__ == "__main__":
    errors.guarded(main)
