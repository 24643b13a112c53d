"""Records of a made-up experiment on latents, and how a figure is read after drawing."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from study.core import atomic_io, outcome, paths, readers
from study.figures import canvas, palette
from study.figures.latents import drawing
from study.figures.latents.names import FigureChoice
from study.figures.latents.records import FigurePlan, JobRecords
from study.jobs import scoring
from study.jobs.latents import edit as edit_job
from study.jobs.latents import extract, impulse_response
from study.latents import edits

ROOT = paths.ROOT


SIZE = (64, 96)
GRID = (4, 6)
METRICS = ["psnr_rgb", "ms_ssim", "vifp_sewar"]
RANDOM = np.random.default_rng(5)
LOOK = palette.styles([{"codec": "c", "label": "scale hyperprior, MSE", "family": "scale hyperprior"}])["c"]
EDITS = {
    "rows-second-half": {"select": {"rows": {"from": 0.5, "to": 1.0}}, "op": "zero"},
    "x100": {"op": {"scale": 100}},
    "first": {"select": {"channels": {"from": 0.0, "to": 0.5}}, "op": "zero"},
    "second": {"select": {"channels": {"from": 0.5, "to": 1.0}}, "op": "zero"},
    "random-first": {"select": {"channels": {"to": 0.5}, "order": {"by": "random", "seed": [1, 2]}}, "op": "zero"},
    "random-second": {"select": {"channels": {"from": 0.5}, "order": {"by": "random", "seed": [1, 2]}}, "op": "zero"},
    "channel": {"select": {"channels": "each"}, "op": "zero"},
    "strongest": {"select": {"top": {"k": [1, 4, 16, 48], "by": "bits"}, "invert": True}, "op": "zero"},
    "blend": {"op": {"interpolate": {"image": "b", "t": [0.25, 0.5, 0.75]}}},
    "elsewhere": {"op": {"interpolate": {"image": "z", "set": "others", "t": 0.5}}},
    "roll": {"op": {"roll": {"columns": [1, 2]}}},
    "turned": {"op": {"rotate": [90, 180]}},
}
FIGURES = {
    "atlas": "bits",
    "rate_map": True,
    "impulse": True,
    "sheet": True,
    "report": True,
    "halves": True,
    "attribution": "channel",
    "progressive": "strongest",
    "interpolation": ["blend", "elsewhere"],
    "equivariance": ["roll", "turned"],
}


OFF = {"atlas": False, "rate_map": False, "sheet": False}


class LatentRecords:
    """Records of a made-up job on the images `names`: each edit under its policies; `elsewhere` is refused."""

    def __init__(self, folder, channels=48, policies=("recompute", "keep"), split=False, names="a"):
        self.folder = folder
        self.policies = policies
        self.cell = {"experiment": "lab", "set": "duo", "part": "duo", "codec": "c", "quality": "3"}
        hyperprior = policies != ("none",)
        images = {name: photo(seed) for seed, name in enumerate(names)}
        self._record("images/duo/images.csv", [self._saved(f"images/duo/{name}.png", rgb) | {"image": name}
                                               for name, rgb in images.items()])  # fmt: skip
        rows = []
        for name in images:
            strength = np.geomspace(8, 0.02, channels)[:, None, None]
            y = (RANDOM.standard_normal((channels, *GRID)) * strength).astype(np.float32)
            arrays = {"y": y, "bits_y": np.log2(1 + np.abs(y)) + 0.01}
            if hyperprior:
                arrays |= {"z": y[:4, :1, :2], "bits_z": np.ones((4, 1, 2), np.float32)}
            path = folder / f"latents/duo/c/3/{name}.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(path, **arrays)
            shape = dict(zip(("channels", "rows", "columns"), y.shape))
            rows.append(
                {"image": name, "file": path.name, "width": SIZE[1], "height": SIZE[0], "status": "ok", **shape}
            )
        atomic_io.write_rows(folder / "latents/duo/c/3/latents.csv", extract.COLUMNS, rows)
        response = np.zeros((channels, 32, 32, 3), np.float32)
        response[:, 12:20, 12:20] = np.linspace(100, 1, channels)[:, None, None, None]
        (folder / "impulses/duo/c/3").mkdir(parents=True, exist_ok=True)
        np.savez_compressed(folder / "impulses/duo/c/3/impulse.npz", response=response, middle=np.array([16.0, 16.0]))
        atomic_io.write_rows(
            folder / "impulses/duo/c/3/impulse.csv",
            impulse_response.COLUMNS,
            [{"channel": 0, "file": "impulse.npz", "status": "ok"}],
        )
        self._edits(images, channels, split)

    def _edits(self, images, channels, split):
        sites = {"y": channels} | ({} if self.policies == ("none",) else {"z": 4})
        coded, decoded, scored = [], [], []
        for image, rgb in images.items():
            for number, cell in enumerate(edits.expanded(edits.all_parsed(EDITS), self.policies, sites)):
                name = f"{image}~{cell.name}"
                base = {"image": name, "source": image, "edit": cell.edit, "value": cell.value, "site": cell.site}
                base |= {"side_information": cell.policy, "steps": edits.as_text(cell.steps), "settings": "{}"}
                base |= {"width": SIZE[1], "height": SIZE[0], "stride": 16, "status": "ok"}
                if cell.edit == "elsewhere":
                    reason = "image z has a latent of another size; images of equal size are needed"
                    for record in (coded, decoded, scored):
                        record.append({**base, **outcome.without("refused", reason)})
                    continue
                keep = cell.policy == "keep"
                size = {"bytes": 900 + 3 * number + 40 * keep, "payload_bytes": 890, "bytes_y": 800 - number}
                coded.append({**base, "file": f"{name}.bin", **size})
                shade = np.roll(rgb, number // len(self.policies) + (keep and split), axis=1)
                if "rotate" in base["steps"] and cell.value == "90":
                    shade = np.ascontiguousarray(np.rot90(shade))
                path = f"edits/s/lab/duo/c/3/decoded/{name}.png"
                decoded.append({**base, **self._saved(path, shade)})
                values = {"psnr_rgb": 30.0 - 0.01 * number, "ms_ssim": 0.98 - 1e-4 * number, "vifp_sewar": 0.5}
                moved = cell.edit in ("roll", "turned")
                scored.append(
                    {"image": name, "status": "ok", **values}
                    | ({"equivariance_db": 40.0 + number // len(self.policies)} if moved else {})
                )
        target = self.folder / "edits/s/lab/duo/c/3"
        atomic_io.write_rows(target / "bitstreams/encoded.csv", edit_job.COLUMNS, _only(edit_job.COLUMNS, coded))
        columns = ("image", "file", "sha256", "decode_s", "decode_rss", "versions", "status", "reason", "note")
        atomic_io.write_rows(target / "decoded/decoded.csv", columns, _only(columns, decoded))
        columns = scoring.columns(["psnr_rgb", "ms_ssim", "vifp_sewar", "equivariance_db"])
        atomic_io.write_rows(target / "scores.csv", columns, _only(columns, scored))

    def plan(self, **figures):
        return FigurePlan(study="s", metrics=METRICS, cell=self.cell, look=LOOK, curve=[],
                          ordered=True, baselines=[], others={"duo": ["duo"]},
                          figures=FigureChoice(**OFF | figures))  # fmt: skip

    def records(self, **figures):
        return JobRecords(self.plan(**figures), self.folder, ROOT / "references")

    def draw(self, out, **figures):
        drawing.draw(self.plan(**figures), self.folder, ROOT / "references", out, out / "figures.csv")
        return readers.read_rows(out / "figures.csv")

    def _saved(self, path, rgb):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(self.folder / path)
        sha256 = readers.sha256(self.folder / path)
        return {"file": Path(path).name, "sha256": sha256, "width": rgb.shape[1], "height": rgb.shape[0]}

    def _record(self, path, rows):
        atomic_io.write_rows(self.folder / path, ("image", "file", "sha256", "width", "height"), rows)


def _only(columns, rows):
    return [{key: value for key, value in row.items() if key in columns} for row in rows]


def photo(seed):
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    planes = [127 + 120 * np.sin((rows + seed * 9) / 7 + columns / (5 + plane)) for plane in range(3)]
    return np.stack(planes, axis=2).astype(np.uint8)


def words(figure):
    """All text of a figure, spaces made alike."""
    texts = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    return " ".join(" ".join(texts).split())


def cut(figure):
    """The texts of a figure that reach beyond its edge; numbers of ticks outside the axes aren't drawn."""
    with canvas.looks():
        drawer = FigureCanvasAgg(figure)
        drawer.draw()
        renderer = drawer.get_renderer()
        width, height = figure.bbox.size
        undrawn = set()
        for axis in (axis for box in figure.axes for axis in (box.xaxis, box.yaxis)):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low <= tick.get_loc() <= high:
                    undrawn |= {tick.label1, tick.label2}
        texts = []
        for text in figure.findobj(lambda artist: hasattr(artist, "get_text")):
            if text.get_visible() and text.get_text().strip() and text not in undrawn:
                box = text.get_window_extent(renderer)
                if not (box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1):
                    texts.append(text.get_text())
