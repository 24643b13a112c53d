"""What each format detects of damage: damaged copies of a bitstream are decoded, and counted by what comes of them.

A quarter of the copies is cut short, a quarter has one to three flipped bits in the first 64 bytes, a quarter has them
anywhere, and a quarter has a run of up to 16 bytes removed, repeated or overwritten. Decoding is done in a child
process, so that a crash or a hang is counted, too; a decoder is told how large an image may be, as in a study. The
table is printed as Markdown, and written as CSV with --out.
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
    import numpy as np

    from study.codecs.registry import CodecSpec

OUTCOMES = ("refused", "same image", "other content", "other size", "crash or hang")
KINDS = ("cut short", "flipped in the head", "flipped anywhere", "run of bytes")
COLUMNS = ("codec", "quality", "damage", "bytes", "streams", *OUTCOMES, "seconds", "versions")
CHUNK = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("codecs", nargs="+", help="ids of the catalogue")
    parser.add_argument("--count", type=int, default=10_000, help="damaged streams of each (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the damage (default: %(default)s)")
    parser.add_argument("--mend", action="store_true", help="give the damaged streams of learned codecs their CRC back")
    parser.add_argument("--side", type=int, help="columns and rows of the image (default: 96x64)")
    parser.add_argument("--by-kind", action="store_true", help="a row for each kind of damage")
    parser.add_argument("--out", type=Path, help="table to write (CSV)")
    arguments = parser.parse_args()
    rgb = photo(arguments.side)
    rows = []
    for name in arguments.codecs:
        kinds = measured(name, arguments.count, arguments.seed, arguments.mend, rgb)
        rows += kinds if arguments.by_kind else [total(kinds)]
        for row in rows[-len(kinds) :] if arguments.by_kind else rows[-1:]:
            print(line(row), flush=True)
    if arguments.out:
        atomic_io.write_rows(arguments.out, COLUMNS, rows)


def measured(name: str, count: int, seed: int, mend: bool, rgb: np.ndarray) -> list[dict[str, object]]:
    """A row of COLUMNS for each kind of damage to a codec of the catalogue, at the middle of its qualities."""
    from study.planning import catalogue, entries

    entry = catalogue.entry("codec", name, entries.codecs())
    quality = entry.qualities[len(entry.qualities) // 2]
    began = time.monotonic()
    (about,) = isolation.run([0], lambda: lambda _: described(name, quality, entry, rgb), isolation.Limit())
    if not isinstance(about, dict):
        raise errors.StudyError(f"{name}: {about}")
    counts = [Counter[str]() for _ in KINDS]

    def start() -> Callable[[int], dict]:
        return prepared(name, quality, entry, seed, mend, rgb)

    for first in range(0, count, CHUNK):
        numbers = range(first, min(first + CHUNK, count))
        for number, outcome in zip(numbers, isolation.run(numbers, start, isolation.Limit(60))):
            of_kind = counts[number % len(KINDS)]
            of_kind["streams"] += 1
            of_kind[str(outcome["outcome"]) if isinstance(outcome, dict) else "crash or hang"] += 1
            if isinstance(outcome, str):
                print(f"{name}: {outcome}", file=sys.stderr, flush=True)
    row = {"codec": name, "quality": quality, **about, "seconds": round(time.monotonic() - began, 1)}
    return [{**row, "damage": kind, **of_kind} for kind, of_kind in zip(KINDS, counts)]


def total(rows: list[dict]) -> dict:
    """The rows of all kinds of damage as one."""
    return rows[0] | {"damage": "all"} | {n: sum(row.get(n, 0) for row in rows) for n in ("streams", *OUTCOMES)}


def described(name: str, quality: float, spec: CodecSpec, rgb: np.ndarray) -> dict[str, object]:
    """The length of the undamaged bitstream and the versions of the codec's libraries."""
    from study.codecs import registry

    codec = registry.load(name, quality, spec)
    return {"bytes": len(codec.encode(rgb)), "versions": codec.versions()}


def prepared(name: str, quality: float, spec: CodecSpec, seed: int, mend: bool, rgb: np.ndarray) -> Callable:
    """What decodes the damaged copy of a number and says what came of it."""
    import numpy as np

    from study.codecs import registry

    codec = registry.load(name, quality, spec)
    codec.largest_pixels = rgb.shape[0] * rgb.shape[1]
    stream = codec.encode(rgb)
    image = codec.decode(stream)

    def tried(number: int) -> dict:
        chance = random.Random(f"{seed} {number}")
        copy = stream
        while copy == stream:  # damage to the CRC alone is mended away
            copy = damaged(stream, chance, number % len(KINDS))
            copy = copy[:4] + zlib.crc32(copy[8:]).to_bytes(4, "little") + copy[8:] if mend else copy
        try:
            decoded = codec.decode(copy)
        except errors.BitstreamError:
            return {"outcome": "refused"}
        if decoded.shape != image.shape:
            return {"outcome": "other size"}
        return {"outcome": "same image" if np.array_equal(decoded, image) else "other content"}

    return tried


def photo(side: int | None = None) -> np.ndarray:
    """A crop of a photo, uint8 [H, W, 3]: 96x64 pixels, or `side` columns and rows."""
    import skimage.data

    width, height = (side, side) if side else (96, 64)
    return skimage.data.astronaut()[60 : 60 + height, 180 : 180 + width].copy()


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
    values = [row["codec"], row["damage"], row["bytes"], row["streams"], *(row.get(outcome, 0) for outcome in OUTCOMES)]
    return f"| {' | '.join(map(str, values))} |"


if __name__ == "__main__":
    errors.guarded(main)
