"""The metrics: equal to the libraries that define them, known values, the registry, and the score script."""

from __future__ import annotations

import csv
import dataclasses
import importlib.metadata
import io
import math
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from study.core import atomic_io, outcome, readers
from study.core.errors import StudyError
from study.images import png
from study.metrics import engine as metric_engine
from study.metrics import reference as metrics_reference
from study.metrics import registry as metric_registry
from study.metrics import vif
from study.planning import code_hash
from thinned import one_of_a_kind

ROOT = Path(__file__).resolve().parents[2]
SCORE = str(ROOT / "scripts" / "score.py")
METRICS = str(ROOT / "tools" / "metrics.py")


@cache
def photo() -> np.ndarray:
    from skimage import data

    return data.astronaut()


def crop(height: int, width: int, top: int = 20, left: int = 120) -> np.ndarray:
    return photo()[top : top + height, left : left + width].copy()


def flat(height: int, width: int, *colour: int) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def jpeg(rgb: np.ndarray, quality: int) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def noisy(rgb: np.ndarray, sigma: float, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, rgb.shape)
    return np.clip(np.rint(rgb + noise), 0, 255).astype(np.uint8)


def clipped(height: int, width: int) -> np.ndarray:
    """A photo under a blown-out sky: large parts are flat, with smooth and hard edges to them."""
    rgb = crop(height, width).astype(int) + np.linspace(250, -40, height).astype(int)[:, None, None]
    return np.clip(rgb, 0, 255).astype(np.uint8)


def drawing(height: int, width: int) -> np.ndarray:
    rgb = flat(height, width, 213, 189, 77)
    rgb[height // 3 : height // 2, width // 4 : width // 2] = 30, 60, 200
    rgb[height // 2, width // 3] = 212, 190, 78
    return rgb


PAIRS = {
    "natural": lambda: (crop(190, 230), jpeg(crop(190, 230), 40)),
    "natural, coarse": lambda: (crop(176, 200), jpeg(crop(176, 200), 3)),
    "odd sides": lambda: (crop(163, 201), jpeg(crop(163, 201), 60)),
    "odd at a later scale": lambda: (crop(178, 182), noisy(crop(178, 182), 7)),
    "tall": lambda: (crop(400, 41), jpeg(crop(400, 41), 30)),
    "wide": lambda: (crop(11, 300), jpeg(crop(11, 300), 30)),
    "identical": lambda: (crop(165, 170), crop(165, 170)),
    "negative": lambda: (crop(170, 165), 255 - crop(170, 165)),
    "grey": lambda: (crop(60, 90)[..., :1].repeat(3, 2), jpeg(crop(60, 90), 50)[..., :1].repeat(3, 2)),
    "colours swapped": lambda: (crop(64, 80), crop(64, 80)[..., ::-1].copy()),
    "other image": lambda: (crop(170, 170), crop(170, 170, top=300, left=10)),
    "clipped": lambda: (clipped(180, 176), jpeg(clipped(180, 176), 20)),
    "drawing": lambda: (drawing(120, 140), jpeg(drawing(120, 140), 30)),
    "drawing, noise": lambda: (drawing(120, 140), noisy(drawing(120, 140), 9)),
    "flat, identical": lambda: (flat(165, 180, 213, 7, 255), flat(165, 180, 213, 7, 255)),
    "flat, another brightness": lambda: (flat(170, 165, 213, 40, 255), flat(170, 165, 189, 43, 254)),
    "flat reference": lambda: (flat(50, 60, 200, 100, 0), noisy(flat(50, 60, 200, 100, 0), 5)),
    "flat image": lambda: (crop(162, 162), flat(162, 162, 130, 90, 80)),
    "one colour flat": lambda: (crop(48, 52) * np.uint8([1, 0, 1]), jpeg(crop(48, 52), 50)),
    "1x1": lambda: (crop(1, 1), crop(1, 1, top=40)),
    "2x3": lambda: (crop(2, 3), crop(2, 3, top=40)),
    "10x40": lambda: (crop(10, 40), jpeg(crop(10, 40), 30)),
    "11x11": lambda: (crop(11, 11), jpeg(crop(11, 11), 30)),
    "17x31": lambda: (crop(17, 31), jpeg(crop(17, 31), 30)),
    "40x60": lambda: (crop(40, 60), jpeg(crop(40, 60), 30)),
    "41x41": lambda: (crop(41, 41), jpeg(crop(41, 41), 30)),
}


# for sewar
SLOW = ("natural", "natural, coarse", "odd sides", "odd at a later scale", "identical", "negative", "other image")
SLOW += ("clipped", "flat image", "flat, another brightness", "flat, identical")
CHECKED = [name for name, metric in metric_registry.REGISTRY.items() if metric.reference]


def agree(reference: np.ndarray, image: np.ndarray) -> tuple[dict[str, float], dict[str, str]]:
    """The values and reasons of the fast engine, which must be the libraries' to 1e-9."""
    values, reasons = metric_registry.score(reference, image, CHECKED)
    theirs, their_reasons = metric_registry.score(reference, image, CHECKED, engine="library")
    assert reasons == their_reasons
    assert {**values, **reasons}.keys() == set(CHECKED)
    assert values.keys() == theirs.keys()
    for name, value in values.items():
        assert type(value) is float
        assert value == theirs[name] or abs(value - theirs[name]) <= 1e-9, name
    return values, reasons


@pytest.mark.parametrize("name", one_of_a_kind(PAIRS, str, slow=SLOW))
def test_the_fast_engine_equals_the_libraries(name: str) -> None:
    agree(*PAIRS[name]())


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    low=st.integers(0, 250),
    spread=st.integers(2, 255),
    noise=st.sampled_from([0.0, 0.6, 5.0, 60.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_noise_agrees(height: int, width: int, low: int, spread: int, noise: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference = rng.integers(low, min(256, low + spread), (height, width, 3)).astype(np.uint8)
    agree(reference, noisy(reference, noise, seed))


def test_single_precision_pytorch_msssim_agrees_to_1e_5_on_photos() -> None:
    import torch
    from pytorch_msssim import ms_ssim, ssim

    for reference, image in (PAIRS["natural"](), PAIRS["odd sides"](), PAIRS["identical"]()):
        values, _ = metric_registry.score(reference, image, ["ssim", "ms_ssim"])
        x, y = (torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() for rgb in (reference, image))
        assert values["ssim"] == pytest.approx(ssim(x, y, data_range=255).item(), abs=1e-5)
        assert values["ms_ssim"] == pytest.approx(ms_ssim(x, y, data_range=255).item(), abs=1e-5)


@pytest.mark.parametrize("size", [(120, 140), (240, 240)])
def test_nearly_flat_windows_are_summed_as_sewar_does(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """In the small image the whole plane goes to sewar, in the large one only the windows that matter."""
    reference = flat(*size, 213, 213, 213)
    reference[60, 50] = 212
    pair = reference, noisy(reference, 9)
    theirs = metrics_reference.compute(*pair, ["vifp_sewar"], 1)["vifp_sewar"]

    def ours() -> float:
        return metric_registry.score(*pair, ["vifp_sewar"])[0]["vifp_sewar"]

    assert ours() == pytest.approx(theirs, abs=1e-9)
    monkeypatch.setattr(vif, "TRUSTED", math.inf)
    assert abs(ours() - theirs) > 1e-7


def test_psnr_of_known_errors() -> None:
    reference = flat(5, 7, 100, 100, 100)
    assert metric_registry.score(reference, flat(5, 7, 103, 97, 103), ["psnr_rgb"])[0]["psnr_rgb"] == pytest.approx(
        10 * math.log10(255**2 / 9), abs=1e-12
    )
    blue = metric_registry.score(reference, flat(5, 7, 100, 100, 110), ["psnr_y"])[0]["psnr_y"]
    assert blue == pytest.approx(20 * math.log10(255 / 1.14), abs=1e-12)
    green = metric_registry.score(reference, flat(5, 7, 100, 110, 100), ["psnr_y"])[0]["psnr_y"]
    assert green == pytest.approx(20 * math.log10(255 / 5.87), abs=1e-12)


def test_ssim_of_flat_images_is_the_luminance_term() -> None:
    values, reasons = metric_registry.score(flat(170, 190, 213, 213, 213), flat(170, 190, 189, 189, 189), CHECKED)
    expected = (2 * 213 * 189 + 2.55**2) / (213**2 + 189**2 + 2.55**2)
    assert values["ssim"] == pytest.approx(expected, abs=1e-12)
    assert values["ssim_sewar"] == pytest.approx(expected, abs=1e-12)
    assert values["msssim_sewar"] == pytest.approx(expected**0.2363, abs=1e-12)  # four scales
    assert reasons == {"vifp_sewar": "a colour of the original is flat, which makes it 0/0"}


def test_identical_images() -> None:
    values, reasons = metric_registry.score(crop(165, 170), crop(165, 170), CHECKED)
    assert not reasons
    assert values["psnr_rgb"] == values["psnr_y"] == math.inf
    assert values["ssim"] == values["ms_ssim"] == values["ssim_sewar"] == values["msssim_sewar"] == 1
    assert 1 - 1e-6 < values["vifp_sewar"] < 1


def test_equal_luma_has_an_infinite_psnr_y_alone() -> None:
    errors = next(
        (r, g, b)
        for r in range(1, 60)
        for g in range(-60, 60)
        for b in range(-60, 60)
        if 299 * r + 587 * g + 114 * b == 0
    )
    reference = flat(3, 4, 100, 100, 100)
    image = (reference.astype(int) + errors).astype(np.uint8)
    for engine in metric_registry.ENGINES:
        values, _ = metric_registry.score(reference, image, ["psnr_rgb", "psnr_y"], engine)
        assert values["psnr_y"] == math.inf
        assert values["psnr_rgb"] < 60


def test_the_libraries_have_no_value_below_the_smallest_side() -> None:
    import sewar
    import torch
    from pytorch_msssim import ms_ssim, ssim

    def pair(name: str) -> tuple[np.ndarray, np.ndarray]:
        side = metric_registry.REGISTRY[name].smallest - 1
        return crop(side, side + 20), jpeg(crop(side, side + 20), 50)

    def tensors(name: str) -> list:
        return [torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() for rgb in pair(name)]

    with pytest.warns(UserWarning, match="Skipping Gaussian Smoothing"):
        ssim(*tensors("ssim"))
    with pytest.raises(AssertionError, match="larger than 160"):
        ms_ssim(*tensors("ms_ssim"))
    for name, function in {"ssim_sewar": sewar.ssim, "msssim_sewar": sewar.msssim, "vifp_sewar": sewar.vifp}.items():
        with pytest.raises(ValueError):
            function(*pair(name))


EDGES = {
    "one pixel": lambda: (crop(1, 1), crop(1, 1, top=40)),
    "tiny": lambda: (crop(5, 7), jpeg(crop(5, 7), 30)),
    "narrow": lambda: (crop(17, 300), jpeg(crop(17, 300), 30)),
}


def sized_edges(side: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pairs at the edge of what has a value, whose sides are `side` and somewhat more."""
    sizes = side, side + 12
    photo, grey, plain = crop(*sizes), crop(*sizes)[..., :1].repeat(3, 2), flat(*sizes, 90, 90, 90)
    odd, coloured = crop(side | 1, side + 15 | 1), flat(*sizes, 200, 100, 0)
    return {
        "identical": (photo, photo),
        "odd": (odd, jpeg(odd, 30)),
        "grey": (grey, jpeg(crop(*sizes), 50)[..., :1].repeat(3, 2)),
        "flat, identical": (plain, plain),
        "flat, another colour": (plain, flat(*sizes, 96, 88, 70)),
        "flat reference": (coloured, noisy(coloured, 5)),
        "flat image": (photo, flat(*sizes, 130, 90, 80)),
        "black and white": (flat(*sizes, 0, 0, 0), flat(*sizes, 255, 255, 255)),
    }


def by_name(names: Iterable[str]) -> list:
    """The names, as parameters of a test; those of metrics that take seconds to load are marked as slow."""
    groups = {name: metric_registry.entry(name).group for name in names}
    slow = [name for name, group in groups.items() if group in ("vgg", "cvvdp")]
    return one_of_a_kind(names, str, slow)


@pytest.mark.parametrize("engine", metric_registry.ENGINES)
@pytest.mark.parametrize("name", by_name(metric_registry.REGISTRY))
def test_images_too_small_have_a_reason(name: str, engine: str) -> None:
    metric = metric_registry.entry(name)
    side = metric.smallest
    if why := metric_engine.skip(metric.recipe):
        pytest.skip(why)
    values, reasons = metric_registry.score(crop(side, side + 9), jpeg(crop(side, side + 9), 50), [name], engine)
    assert math.isfinite(values[name]) and not reasons
    if side > 1:
        values, reasons = metric_registry.score(crop(250, side - 1), crop(250, side - 1), [name], engine)
        assert not values
        assert reasons == {name: f"the image is {side - 1}x250, both sides must be at least {side}"}


@pytest.mark.parametrize("name", by_name(metric_registry.REGISTRY))
def test_every_metric_has_a_value_or_a_reason_at_the_edges(name: str) -> None:
    edges = {edge: pair() for edge, pair in EDGES.items()}
    for side in {60, max(60, metric_registry.entry(name).smallest + 5)}:  # where 60 is too small, what isn't
        edges |= {f"{edge}, {side}": pair for edge, pair in sized_edges(side).items()}
    for edge, pair in edges.items():
        values, reasons = metric_registry.score(*pair, [name])
        assert len(values) + len(reasons) == 1, edge
        assert all(reasons.values()) and not any(map(math.isnan, values.values())), edge


# cambi knows no reference
@pytest.mark.parametrize("name", by_name([name for name in metric_registry.REGISTRY if name != "cambi"]))
def test_more_damage_has_a_worse_value(name: str) -> None:
    metric = metric_registry.entry(name)
    if why := metric_engine.skip(metric.recipe):
        pytest.skip(why)
    side = max(96, metric.smallest + 7)
    reference = crop(side, side + 8)
    images = (reference, *(jpeg(reference, quality) for quality in (90, 50, 10)))
    values = [metric.sign * metric_registry.score(reference, image, [name])[0][name] for image in images]
    assert values == sorted(values, reverse=True) and len(set(values)) == 4


@pytest.mark.slow
def test_by_default_all_metrics_are_computed() -> None:
    values, reasons = metric_registry.score(crop(9, 9), jpeg(crop(9, 9), 50))
    assert values.keys() | reasons.keys() == metric_registry.REGISTRY.keys() and not values.keys() & reasons.keys()


def test_only_the_metrics_asked_for() -> None:
    for names in (["vifp_sewar"], ["msssim_sewar", "psnr_y"], ["ms_ssim", "ssim"], []):
        values, reasons = metric_registry.score(*PAIRS["natural"](), names)
        assert list(values) == names and not reasons


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((crop(20, 30), crop(30, 20)), "the reference is 30x20, the image 20x30"),
        ((crop(20, 30), crop(20, 30).astype(np.float32)), r"the image .* uint8 \[H, W, 3\]; found float32"),
        ((crop(20, 30)[..., 0], crop(20, 30)), r"the reference .* found uint8 \[20, 30\]"),
        ((crop(20, 30), crop(20, 30), ["psnr_rbg"]), "did you mean 'psnr_rgb'"),
        ((crop(20, 30), crop(20, 30), None, "quick"), "engine 'quick' .* allowed: fast, library"),
    ],
)
def test_what_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        metric_registry.score(*arguments)


def test_every_entry_of_the_registry_is_complete() -> None:
    optional = ("variant", "empty", "reference", "skip", "versions")
    for name, metric in metric_registry.REGISTRY.items():
        assert name == metric.name
        for field in dataclasses.fields(metric):
            value = getattr(metric, field.name)
            assert type(value).__name__ == field.type, (name, field.name)
            assert value != "" or field.name in optional, (name, field.name)
        assert metric.smallest >= 1
        if metric.library != "libjxl" and not metric_engine.skip(metric.recipe):  # a program, or not installed
            assert metric.version == importlib.metadata.version(metric.library)


def test_the_functions_of_every_entry_are_there() -> None:
    for name, metric in metric_registry.REGISTRY.items():
        recipe = metric.recipe
        for function in filter(None, (recipe.compute, recipe.reference, recipe.skip, recipe.versions)):
            assert callable(metric_engine.load(function)), name
        assert all((ROOT / "scripts" / module).is_file() for module in metric_registry.modules([name]))
    with pytest.raises(ValueError, match=r"package\.module:function; found 'study.metrics.psnr'"):
        metric_engine.load("study.metrics.psnr")


def test_a_metric_that_cannot_be_computed_here_has_a_reason() -> None:
    recipe = metric_engine.Recipe("study.metrics.psnr:compute", skip="platform:python_implementation")
    values, reasons = metric_engine.score(crop(9, 9), crop(9, 9), {"psnr_rgb": recipe})
    assert not values
    assert reasons == {"psnr_rgb": "skipped: CPython"}


def test_metrics_of_one_function_are_computed_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def compute(reference: np.ndarray, image: np.ndarray, names: list[str], threads: int) -> dict[str, float]:
        calls.append((list(names), threads))
        return {"one": 1.0, "two": math.nan}

    monkeypatch.setattr(metric_engine, "load", lambda name: compute)
    recipes = {name: metric_engine.Recipe("both", empty=f"no {name}") for name in ("one", "two")}
    recipes["three"] = metric_engine.Recipe("both", smallest=10)
    values, reasons = metric_engine.score(crop(9, 9), crop(9, 9), recipes, threads=2)
    assert calls == [(["one", "two"], 2)]
    assert values == {"one": 1.0}
    assert reasons == {"two": "no two", "three": "the image is 9x9, both sides must be at least 10"}


def test_a_name_has_one_definition_and_a_definition_one_name() -> None:
    entries = list(metric_registry.REGISTRY.values())
    assert len({(m.definition, m.colour_space, m.window, m.averaging) for m in entries}) == len(entries)
    with pytest.raises(ValueError, match="share a name"):
        metric_registry.registry(*entries, dataclasses.replace(entries[0], window="another one"))
    with pytest.raises(ValueError, match="db only where higher is better"):
        metric_registry.registry(dataclasses.replace(entries[0], scale="db", higher_is_better=False))


def test_the_registry_prints_as_a_table() -> None:
    script = [sys.executable, METRICS]
    text = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    header, *lines = text.splitlines()[: 1 + len(metric_registry.REGISTRY)]
    assert header.split()[:3] == ["name", "unit", "smallest"]
    assert [line.split()[0] for line in lines] == list(metric_registry.REGISTRY)
    table = subprocess.run([*script, "--csv"], capture_output=True, text=True, check=True).stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert rows == [{field: str(value) for field, value in row.items()} for row in metric_registry.rows()]


def test_scoring_loads_no_slow_library() -> None:
    program = (
        "import sys, numpy; from study.metrics import registry as metrics; assert 'cv2' not in sys.modules;"
        "a = numpy.random.default_rng(0).integers(0, 256, (170, 170, 3)).astype(numpy.uint8);"
        "names = [name for name in metrics.REGISTRY if metrics.entry(name).group not in ('lpips', 'vgg', 'cvvdp')];"
        "metrics.score(a, a // 2, names);"
        "print([name for name in ('torch', 'sewar', 'scipy.signal', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "scripts", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture
def records(tmp_path: Path) -> tuple[Path, Path]:
    """The records of three images and of a decode job in which one of them failed and one has a warning."""
    originals = {"a": crop(165, 170), "b": crop(20, 30), "c": crop(50, 45)}
    ended = {"a": outcome.ok(), "b": outcome.ok("odd"), "c": outcome.without("failed", "it's broken; refused: dull")}
    for name, rgb in originals.items():
        png.write(tmp_path / "images" / f"{name}.png", rgb)
    for name in "ab":
        png.write(tmp_path / "decoded" / f"{name}.png", jpeg(originals[name], 50))
    images, decoded = tmp_path / "images" / "images.csv", tmp_path / "decoded" / "decoded.csv"
    atomic_io.write_rows(
        images,
        ["image", "file", "width", "height", "sha256"],
        [
            {
                "image": name,
                "file": f"{name}.png",
                "width": rgb.shape[1],
                "height": rgb.shape[0],
                "sha256": readers.sha256(images.parent / f"{name}.png"),
            }
            for name, rgb in originals.items()
        ],
    )
    rows = [{"image": name, **how} for name, how in ended.items()]
    for row in rows[:2]:
        row |= {"file": f"{row['image']}.png", "sha256": readers.sha256(decoded.parent / f"{row['image']}.png")}
    columns = ["image", "file", "sha256", "decode_s", "decode_rss", "versions", "status", "reason", "note"]
    atomic_io.write_rows(decoded, columns, rows)
    return images, decoded


def run(*arguments: object, script: str = SCORE) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, script, *map(str, arguments)], capture_output=True, text=True)


def recipes(*names: str) -> str:
    return metric_registry.recipes(names or CHECKED)


@pytest.mark.slow
@pytest.mark.parametrize("engine", metric_registry.ENGINES)
def test_the_script_writes_a_record(records: tuple[Path, Path], tmp_path: Path, engine: str) -> None:
    out = tmp_path / "scores" / "50.csv"
    names = CHECKED
    options = ("--engine", engine, "--metrics", recipes(*names))
    done = run("--images", records[0], "--decoded", records[1], "--out", out, *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert out.read_text().splitlines()[0].split(",") == ["image", *names, "versions", "status", "reason", "gaps"]
    whole, small, missing = readers.read_rows(out)
    values, _ = metric_registry.score(crop(165, 170), jpeg(crop(165, 170), 50), names)
    assert {name: float(whole[name]) for name in values} == pytest.approx(values, abs=1e-9)
    assert (whole["image"], whole["status"], whole["reason"], whole["gaps"]) == ("a", "ok", "", "")
    why = "the image is 30x20, both sides must be at least"
    assert (small["status"], small["reason"]) == ("ok", "")
    assert outcome.gaps(small) == {"ms_ssim": f"{why} 161", "vifp_sewar": f"{why} 41"}
    assert float(small["ssim"]) < 1 and small["ms_ssim"] == small["vifp_sewar"] == ""
    assert missing == {
        "image": "c",
        **dict.fromkeys((*names, "versions", "gaps"), ""),
        "status": "failed",
        "reason": "it's broken; refused: dull",
    }


def test_a_record_has_the_metrics_that_are_asked_for(records: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "psnr.csv"
    done = run("--images", records[0], "--decoded", records[1], "--out", out, "--metrics", recipes("psnr_y"))
    assert done.returncode == 0, done.stderr
    assert list(readers.read_rows(out)[0]) == ["image", "psnr_y", "versions", "status", "reason", "gaps"]
    done = run("--images", records[0], "--decoded", records[1], "--out", out, "--metrics", '{"psnr_y": 1}')
    assert done.returncode == 1 and "must be a JSON object of recipes" in done.stderr


def test_scoring_knows_nothing_of_the_registry() -> None:
    """So that an entry that is added there makes no score again."""
    for script in ("score.py", "latent_score.py"):
        files = code_hash.closure([ROOT / "scripts" / script])
        assert ROOT / "scripts/study/jobs/scoring.py" in files
        assert ROOT / "scripts/study/metrics/registry.py" not in files


def test_what_only_names_metrics_depends_on_no_computation() -> None:
    computing = {ROOT / "scripts" / module for module in metric_registry.modules(metric_registry.REGISTRY)}
    for script in ("claims.py", "bd_rate.py", "aggregate.py", "exports.py", "plot_average.py", "page.py"):
        files = code_hash.closure([ROOT / "scripts" / script])
        assert ROOT / "scripts/study/metrics/registry.py" in files, script
        assert not computing & files, script


def change(record: Path, image: str, **cells: str) -> None:
    rows = readers.read_rows(record)
    atomic_io.write_rows(record, rows[0], [row | cells if row["image"] == image else row for row in rows])


def test_the_script_refuses_what_the_records_do_not_tell(records: tuple[Path, Path], tmp_path: Path) -> None:
    images, decoded = records

    def refusal() -> str:
        done = run("--images", images, "--decoded", decoded, "--out", tmp_path / "out.csv", "--metrics", recipes())
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "out.csv").exists()
        return done.stderr

    good = decoded.read_text()
    change(decoded, "c", status="ok")
    assert "neither a file nor a reason for the image 'c'" in refusal()
    decoded.write_text("\n".join(good.splitlines()[:-1]) + "\n")
    assert "lacks the image 'c'" in refusal()
    decoded.write_text(good + "d,,,,,,failed,what is it?,\n")
    assert "has the image 'd'" in refusal()


def test_a_file_that_is_not_what_its_record_tells_costs_its_cell(records: tuple[Path, Path], tmp_path: Path) -> None:
    images, decoded = records

    def cells() -> dict[str, dict[str, str]]:
        out = tmp_path / "out.csv"
        done = run("--images", images, "--decoded", decoded, "--out", out, "--metrics", recipes())
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return {row["image"]: row for row in readers.read_rows(out)}

    png.write(decoded.parent / "b.png", crop(20, 30))
    altered = cells()
    assert (
        altered["b"]["status"] == "failed"
        and "b.png isn't the image that its record tells of" in altered["b"]["reason"]
    )
    assert altered["a"]["status"] == "ok"
    png.write(decoded.parent / "b.png", crop(30, 20))
    change(decoded, "b", sha256=readers.sha256(decoded.parent / "b.png"))
    assert "the decoded image is 20x30, its original 30x20" in cells()["b"]["reason"]
    (images.parent / "a.png").unlink()
    missing = cells()["a"]
    assert missing["status"] == "failed" and "a.png is missing" in missing["reason"]


@pytest.mark.slow
def test_the_script_prints_the_metrics_of_one_pair(records: tuple[Path, Path]) -> None:
    done = run(records[0].parent / "b.png", records[1].parent / "b.png", script=METRICS)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert list(lines) == list(metric_registry.REGISTRY)
    assert lines["psnr_rgb"].endswith(" dB")
    assert lines["vifp_sewar"] == "none: the image is 30x20, both sides must be at least 41"


def test_the_script_refuses_a_single_image_and_one_that_is_missing(records: tuple[Path, Path]) -> None:
    assert run(records[0].parent / "b.png", script=METRICS).returncode == 2
    missing = run(records[0].parent / "b.png", records[0].parent / "nothing.png", script=METRICS)
    assert missing.returncode == 1 and "nothing.png" in missing.stderr and "Traceback" not in missing.stderr


def test_vif_sums_as_sewar_does_to_the_last_bit() -> None:
    """What the re-summed windows rely on; another SciPy could add in another order."""
    from sewar.utils import Filter, filter2, fspecial

    from study.metrics import vif

    noise = np.random.default_rng(0)
    for window, ours in zip(vif.WINDOWS, vif._sewar_windows()):
        taps = len(window)
        theirs = fspecial(Filter.GAUSSIAN, ws=float(taps), sigma=taps / 5)
        assert np.array_equal(ours, theirs)
        plane = 255 * noise.random((taps + 20, taps + 31))
        assert np.array_equal(vif._sewar_filtered(plane[None], ours)[0], filter2(plane, theirs, "valid"))
