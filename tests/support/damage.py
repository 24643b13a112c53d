"""Damaged bitstreams, and their decoding in a process of its own, so that a crash of a C library is seen as one."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from pathlib import Path

from waiting import LONGEST_S

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def damaged(bitstream: bytes, count: int, seed: int) -> list[bytes]:
    """`count` copies: a quarter cut short, a quarter with damage in the first 64 bytes, the others with it anywhere.

    Damage is one to three flipped bits.
    """
    chance = random.Random(seed)
    return [_damage(bitstream, chance, index % 4) for index in range(count)]


def decode_all(name: str, quality: float, spec: dict, streams: list[bytes]) -> tuple[list[str], int]:
    """What a child process makes of each stream, and its peak memory in bytes.

    A result is `image <shape> <dtype>`, or the name of the exception and what it says. Raises AssertionError if the
    process dies and TimeoutExpired if it never ends.
    """
    task = pickle.dumps((name, quality, spec, streams))
    child = subprocess.run([sys.executable, __file__], input=task, capture_output=True, timeout=LONGEST_S)
    assert child.returncode == 0, (
        f"{name}: the decoder's process ended with {child.returncode}: {child.stderr[-2000:]!r}"
    )
    return pickle.loads(child.stdout)


def _damage(bitstream: bytes, chance: random.Random, kind: int) -> bytes:
    if kind == 0:
        return bitstream[: chance.randrange(len(bitstream))]
    flipped = bytearray(bitstream)
    for _ in range(chance.randint(1, 3)):
        flipped[chance.randrange(min(64, len(flipped)) if kind == 1 else len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _decode(codec, stream: bytes) -> str:
    try:
        image = codec.decode(stream)
    except BaseException as error:  # a panic of a Rust library is no Exception
        return f"{type(error).__name__} {error}"
    return f"image {image.shape} {image.dtype}"


def main() -> None:
    from study.codecs import registry as codec_registry
    from study.jobs import encode_decode

    name, quality, spec, streams = pickle.load(sys.stdin.buffer)
    codec = codec_registry.load(name, quality, spec)
    results = [_decode(codec, stream) for stream in streams]
    peak = (
        encode_decode._peak()
    )  # getrusage would count the process that started this one, as large as pytest has grown
    sys.stdout.buffer.write(pickle.dumps((results, peak)))


if __name__ == "__main__":
    sys.path.insert(0, str(SCRIPTS))
    main()
