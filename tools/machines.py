"""Whether learned codecs decode alike on other machines, as far as one machine can play them: other instruction sets.

Each setting of oneDNN and PyTorch is a process of its own, which encodes a photo with bundled codecs and decodes the
bitstreams of the first setting. The table tells whether the bitstreams and the decoded images are the same, and by how
much and in how many samples they differ. The check value in a bitstream ends a decode whose symbols differ.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

SETTINGS = {
    "as it is": {},
    "oneDNN SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "oneDNN AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "oneDNN AVX-512": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    "PyTorch without vectors": {"ATEN_CPU_CAPABILITY": "default"},
    "both": {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"},
    "MKL compatible": {"MKL_CBWR": "COMPATIBLE"},
}
CODECS = ("bmshj2018-factorized-mse", "bmshj2018-hyperprior-mse", "mbt2018-mean-mse", "b2018-gdn-48")  # tiny-...


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", metavar="FOLDER", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        print(json.dumps(work(Path(arguments.work))))
        return
    print("| setting | same bitstreams | decoded | same images | samples that differ | largest difference |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, setting in SETTINGS.items():
            done = subprocess.run(
                [sys.executable, __file__, "--work", folder],
                env=os.environ | setting | {"OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=True,
            )
            rows = json.loads(done.stdout.splitlines()[-1])
            whole = [row for row in rows if "differ" in row]
            share = sum(row["differ"] for row in whole) / max(1, sum(row["samples"] for row in whole))
            cells = [
                f"{sum(row['same'] for row in rows)} of {len(rows)}",
                f"{len(whole)} of {len(rows)}",
                f"{sum(not row['differ'] for row in whole)} of {len(rows)}",
                f"{share:.5%}",
                max((row["largest"] for row in whole), default="-"),
            ]
            print(f"| {name} | {' | '.join(map(str, cells))} |", flush=True)


def work(folder: Path) -> list[dict]:
    """What this process makes of every codec and quality; the first one keeps its bitstreams and images in `folder`."""
    import numpy as np
    import skimage.data

    from study.codecs import registry
    from study.core.errors import StudyError
    from study.planning import entries

    rgb = skimage.data.astronaut()[:256, :384].copy()
    known, rows = entries.codecs(), []
    for name in (f"tiny-{model}" for model in CODECS):
        for quality in known[name].qualities:
            codec = registry.load(name, quality, known[name])
            stream, image = folder / f"{name}-{quality}.lic", folder / f"{name}-{quality}.npy"
            data = codec.encode(rgb)
            if not stream.exists():
                stream.write_bytes(data)
                np.save(image, codec.decode(data))
            row = {"same": data == stream.read_bytes()}
            try:
                decoded = codec.decode(stream.read_bytes()).astype(int)
            except StudyError:
                rows.append(row)
                continue
            distance = np.abs(decoded - np.load(image))
            rows.append(
                row | {"differ": int((distance > 0).sum()), "samples": decoded.size, "largest": int(distance.max())}
            )
    return rows


if __name__ == "__main__":
    main()
