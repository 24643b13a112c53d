"""The codec that is fitted to each image; `test_codecs.py` holds it to the contract, with fits of few steps."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage.data

import damage
from study.codecs import registry
from study.codecs.overfitted import bitstream as overfitted_bitstream
from study.codecs.overfitted import codec as overfitted_codec
from study.codecs.overfitted import (
    coding,
    complexity,
    entropy,
    fitting,
    grids,
    parameters,
    rate,
    synthesis,
    tables,
    wavelets,
)
from study.codecs.registry import CodecSpec
from study.core import readers
from study.core.errors import BitstreamError, CodecError, StudyError
from study.images import sets
from study.jobs import encode_decode

STEPS = 20


@cache
def photo() -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[20:52, 160:199])


def load(steps: int = STEPS, quality: float = 5, **settings) -> overfitted_codec.Backend:
    return registry.load("overfitted", quality, CodecSpec(backend="overfitted", settings={"steps": steps, **settings}))


@cache
def encoded() -> bytes:
    return load().encode(photo())


def squared_error(image: np.ndarray) -> float:
    return float(np.mean((photo().astype(float) - image) ** 2))


def test_no_entry_of_a_table_hangs_on_the_last_bits_of_exp():
    exact = tables.unrounded()
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-7
    assert np.allclose(exact.sum(axis=-1), 2**22)
    assert (tables.counts() > 0).all()


def test_integers_come_back_with_any_mean_and_scale():
    chance = np.random.default_rng(5)
    count = 3000
    values = chance.integers(-tables.LARGEST, tables.LARGEST + 1, count)
    values[::2] = chance.integers(-3, 4, len(values[::2]))
    eighths = chance.integers(-8 * tables.LARGEST, 8 * tables.LARGEST + 1, count)
    eighths[::4] = 8 * values[::4] + chance.integers(-20, 21, len(values[::4]))
    scales = chance.integers(0, tables.SCALES, count)
    encoder = coding.Encoder()
    encoder.code(values, eighths, scales)
    encoder.number(11, 16)
    encoder.code(values[:0], eighths[:0], scales[:0])
    decoder = coding.Decoder(encoder.string())
    assert np.array_equal(decoder.code(None, eighths, scales), values)
    assert decoder.number(None, 16) == 11


def test_the_coder_needs_as_many_bits_as_the_tables_say():
    chance = np.random.default_rng(6)
    scales = chance.integers(4, 30, 20000)
    widths = 2.0 ** (scales / tables.OCTAVE + tables.SMALLEST)
    values = np.rint(chance.laplace(0, widths)).astype(np.int64)
    encoder = coding.Encoder()
    encoder.code(values, np.zeros_like(values), scales)
    symbols = np.where(np.abs(values) > tables.REACH, tables.ESCAPE, values + tables.REACH)
    expected = tables.bits()[scales, tables.FRACTIONS // 2, symbols].sum()
    assert expected < 8 * len(encoder.string()) < expected * 1.002 + 64


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 2), (33, 18)])
@pytest.mark.parametrize("chroma_level", [1, 2])
def test_each_element_is_coded_once_and_contexts_come_from_before(size, chroma_level):
    """The number of a pass, in the order of coding, is what the contexts see in place of latents."""
    form = grids.grids(size, chroma_level)
    turns, turn = {}, 0
    for grid in form:
        values = np.zeros((grid.rows, grid.columns), dtype=int)
        for number in range(len(grids.PASSES)):
            turn += 1
            assert not values[grids.elements(number)].any()
            values[grids.elements(number)] = turn
        assert values.all()
        turns[grid.key] = values
    turn = 0
    for grid in form:
        for number in range(len(grids.PASSES)):
            turn += 1
            contexts = grids.contexts(grid, number, lambda key: grids.padded(turns[key]) if key in turns else None)
            assert len(contexts) == grids.CONTEXTS
            for values in contexts:
                assert values.shape == turns[grid.key][grids.elements(number)].shape
                assert values.max(initial=0) < turn


def test_the_entropy_network_is_exact_in_any_order_of_summation():
    form = parameters.Form(tuple(grids.grids((64, 64), 2)), 16)
    chance = np.random.default_rng(7)
    values = {
        name: first + chance.integers(-40, 41, first.shape) / 2**parameters.FINEST
        for name, first in parameters.start(form).items()
    }
    entropy.check_exact(values)
    shape = grids.CONTEXTS, 5000
    raw = np.floor(2 ** chance.uniform(0, 11, shape) - 1) * chance.choice([-1, 1], shape)
    sizes = entropy.magnitudes()[np.abs(raw).astype(int)]
    places, units = chance.permutation(grids.CONTEXTS), chance.permutation(parameters.ENTROPY_WIDTH)
    other = dict(values)
    other["context.w"] = values["context.w"][:, units][:, :, places]
    other["context.b"] = values["context.b"][:, units]
    other["scale.w"] = values["scale.w"][units]
    other["mean.w"] = values["mean.w"][:, places]
    seen = []
    for number in range(len(grids.PASSES)):
        one = entropy.predicted(raw, sizes, values, number, 3)
        two = entropy.predicted(raw[places], sizes[places], other, number, 3)
        assert np.array_equal(one[0], two[0]) and np.array_equal(one[1], two[1])
        seen.append(one)
    assert all(len(np.unique(values)) > 3 for values in np.hstack(seen))
    large = {name: value * 2.0**16 for name, value in values.items()}
    with pytest.raises(CodecError, match="too large"):
        entropy.check_exact(large)


def test_contexts_of_horizontal_details_are_those_of_vertical_ones_in_the_turned_image():
    chance = np.random.default_rng(9)
    form = grids.grids((22, 13), 2)
    values = {grid.key: grids.padded(chance.integers(1, 99, (grid.rows, grid.columns))) for grid in form}
    turned = {}
    for channel, level, band in values:
        other = {grids.HORIZONTAL: grids.VERTICAL, grids.VERTICAL: grids.HORIZONTAL}.get(band, band)
        same = values[channel, level, other]
        turned[channel, level, band] = same if other != band else same.T
    by_key = {grid.key: grid for grid in grids.grids((13, 22), 2)}
    for grid in form:
        if grid.band == grids.HORIZONTAL:
            other = by_key[grid.channel, grid.level, grids.VERTICAL]
            for number in range(len(grids.PASSES)):
                one, two = grids.contexts(grid, number, values.get), grids.contexts(other, number, turned.get)
                of_bands = len(one) - grids.CHANNELS - 1, len(one) - grids.CHANNELS + 1  # vertical ones see horizontal
                for index, (first, second) in enumerate(zip(one, two)):
                    assert of_bands[0] <= index < of_bands[1] or np.array_equal(first, second)


def test_elements_at_the_same_place_are_seen_upright():
    """Where horizontal details, which are kept turned, are a context of the bands after them."""
    form = {grid.key: grid for grid in grids.grids((16, 20), 2)}
    places = np.arange(80).reshape(8, 10)
    values = {(0, 1, band): grids.padded(grids.upright(places, band)) for band in (1, 2)}
    for band in (grids.VERTICAL, grids.DIAGONAL):
        for number in range(len(grids.PASSES)):
            seen = grids.contexts(form[0, 1, band], number, values.get)[-grids.CHANNELS - 1]
            assert np.array_equal(seen, places[grids.elements(number)])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("size", [1, 2, 3, 8, 9])
def test_wavelets_come_together_again(size, axis):
    import torch

    shape = [5, 5]
    shape[axis] = size
    values = torch.randn(shape, dtype=torch.double, generator=torch.Generator().manual_seed(size))
    low, high = wavelets.parted(values, axis)
    assert low.shape[axis] == (size + 1) // 2 and high.shape[axis] == size // 2
    assert torch.allclose(wavelets.joined(low, high, axis), values, atol=1e-12)


def test_wavelets_are_those_of_jpeg_2000():
    """The filters that Cohen, Daubechies and Feauveau give, scaled for a gain of sqrt(2); nearly orthonormal."""
    import torch

    low, high = torch.zeros(2, 40, dtype=torch.double)
    low[20] = 1
    of_low = wavelets.joined(low, high, 0)
    filters = [0.788485616405583, 0.418092273221617, -0.040689417609164, -0.064538882628697]
    assert of_low[40:44].tolist() == pytest.approx(filters, abs=1e-6)
    assert of_low[37:41].tolist() == pytest.approx(filters[::-1], abs=1e-6)
    of_high = wavelets.joined(high, low, 0)
    of_high_filters = [0.852698679008894, -0.377402855612831, -0.110624404418437, 0.023849465019557, 0.037828455506995]
    assert of_high[41:46].tolist() == pytest.approx(of_high_filters, abs=1e-6)
    assert of_low.norm().item() == pytest.approx(1, abs=0.02) and of_high.norm().item() == pytest.approx(1, abs=0.03)


def test_a_fit_begins_with_the_image():
    """The bands of Y'CbCr, unrounded, are the image but for the finest chroma."""
    import torch

    form = parameters.Form(tuple(grids.grids(photo().shape[:2], 1)), 0)
    first = parameters.start(form)
    latents = torch.from_numpy(fitting.first_latents(form, photo(), first)).float()
    values = {name: torch.from_numpy(value).float() for name, value in first.items()}
    parts = rate.Sites(form.grids, "cpu").split(latents)
    shown = synthesis.image(synthesis.features(parts, form.grids, values), values)
    assert (shown - torch.from_numpy(photo()).permute(2, 0, 1)).abs().max() < 1


def test_the_rate_is_that_of_the_entropy_network_with_its_gradients():
    import torch

    form = tuple(grids.grids((12, 10), 1))
    sites = rate.Sites(form, "cpu")
    chance = np.random.default_rng(8)
    first = parameters.start(parameters.Form(form, 8))
    values = {name: v + chance.integers(-20, 21, v.shape) / 2**parameters.FINEST for name, v in first.items()}
    latents = [chance.integers(-3, 4, (grid.rows, grid.columns)) for grid in form]
    coder = coding.Encoder()
    entropy.code(coder, form, values, latents)
    p = {name: torch.from_numpy(values[name]).requires_grad_() for name in parameters.ENTROPY}
    flat = torch.from_numpy(np.concatenate([part.ravel() for part in latents])).double()
    assert rate.bits(sites, flat, p).item() == pytest.approx(8 * len(coder.string()), rel=0.03)

    soft = (flat + torch.from_numpy(chance.uniform(0.1, 0.3, len(flat)))).requires_grad_()
    total = rate.bits(sites, soft, p)
    torch.autograd.backward(total)
    for name, value in p.items():
        direction = torch.from_numpy(chance.normal(size=value.shape))
        ends = [rate.bits(sites, soft, {**p, name: value + side * 1e-6 * direction}).item() for side in (1, -1)]
        assert (value.grad * direction).sum().item() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-3)
    p["mean.w"] = torch.zeros_like(p["mean.w"])  # whose contexts are constants
    (by_latents,) = torch.autograd.grad(rate.bits(sites, soft, p), soft)
    direction = torch.from_numpy(chance.normal(size=len(flat)))
    ends = [rate.bits(sites, soft + side * 1e-6 * direction, p).item() for side in (1, -1)]
    assert (by_latents * direction).sum().item() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4)


def test_soft_rounding_becomes_rounding_and_noise_becomes_uniform():
    import torch

    values = torch.linspace(-2.9, 2.9, 200)
    clear = values[(values % 1 - 0.5).abs() > 0.05]
    assert torch.allclose(rate.soft_round(clear, 0.01), clear.round(), atol=1e-3)
    assert torch.allclose(rate.soft_round(values, 100.0), values, atol=1e-3)
    chance = torch.Generator().manual_seed(2)
    wide, narrow = (rate.kumaraswamy(20000, shape, chance) for shape in (1.0, 2.0))
    assert wide.abs().max() <= 0.5 and narrow.abs().max() <= 0.5
    assert abs(wide.var().item() - 1 / 12) < 0.003 and narrow.var() < 0.8 * wide.var()


@pytest.mark.slow
def test_a_fit_lowers_its_loss_and_the_file_is_as_long_as_the_fit_says():
    task = load(200).task(photo().shape[:2])
    form = task.form
    fit = fitting.Fit(task, photo())
    losses = []
    while fit.step < 200:
        bpp, error = fit.advance()
        losses.append(bpp + fit.task.lam * error)
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])
    steps, whole, latents = fit.result()
    coder = coding.Encoder()
    values, _ = parameters.code(coder, form, (steps, whole))
    before = len(coder.string())
    entropy.code(coder, form.grids, values, latents)
    assert abs((len(coder.string()) - before) * 8 / photo()[..., 0].size - bpp) < 0.05 * bpp + 0.1
    assert squared_error(synthesis.decoded(latents, form.grids, values, "cpu")) == pytest.approx(error, rel=0.1)


@pytest.mark.slow
def test_another_process_with_more_threads_decodes_to_the_same_pixels():
    program = f"""
import sys; sys.path.insert(0, {str(damage.SCRIPTS)!r})
from study.codecs import registry
codec = registry.load("overfitted", 2, registry.CodecSpec(backend="overfitted"))
sys.stdout.buffer.write(codec.decode(sys.stdin.buffer.read()).tobytes())
"""
    child = subprocess.run(
        [sys.executable, "-c", program], input=encoded(), capture_output=True, env={"OMP_NUM_THREADS": "2"}
    )
    assert child.returncode == 0, child.stderr.decode()
    assert child.stdout == load().decode(encoded()).tobytes()


class Killed(BaseException):
    """In place of a signal, between two steps."""


@pytest.mark.parametrize("last", [13, pytest.param(19, marks=pytest.mark.slow)])
def test_a_fit_that_was_killed_goes_on_to_the_same_file(last, tmp_path, monkeypatch):
    monkeypatch.setattr(overfitted_codec, "CHECKPOINT_EVERY", 6)
    advance = fitting.Fit.advance
    steps = []

    def until(fit: fitting.Fit) -> tuple[float, float]:
        if fit.step == last:
            raise Killed
        return advance(fit)

    def noted(fit: fitting.Fit) -> tuple[float, float]:
        steps.append(fit.step)
        return advance(fit)

    monkeypatch.setattr(fitting.Fit, "advance", until)
    codec = load()
    codec.scratch = tmp_path
    with pytest.raises(Killed):
        codec.encode(photo())
    (checkpoint,) = tmp_path.iterdir()
    monkeypatch.setattr(fitting.Fit, "advance", noted)
    assert codec.encode(photo()) == encoded()
    assert steps[0] == last // 6 * 6 and not checkpoint.exists()


def test_a_broken_checkpoint_is_named(tmp_path):
    codec = load()
    codec.scratch = tmp_path
    fit = fitting.Fit(codec.task(photo().shape[:2]), photo())
    path = tmp_path / f".{overfitted_codec.digest(fit.task, photo())}.checkpoint"
    path.write_bytes(b"half")
    with pytest.raises(StudyError, match=f"{path.name}.*delete it"):
        codec.encode(photo())


def test_a_loss_that_is_not_finite_stops_the_fit_with_its_step(monkeypatch):
    import torch

    monkeypatch.setattr(fitting.Fit, "_error", lambda fit, rounded: rounded.sum() * torch.nan)
    with pytest.raises(StudyError, match=r"step 0: .*finite"):
        load().encode(photo())


def test_a_foreign_check_value_is_an_error():
    contents = overfitted_bitstream.parse(encoded())
    wrong = overfitted_bitstream.Contents(
        contents.size, contents.chroma_level, contents.start_step, b"\0\1\2\3", contents.string
    )
    with pytest.raises(BitstreamError, match="aren't those that were encoded"):
        load().decode(overfitted_bitstream.pack(wrong))


def test_a_claimed_size_of_many_pixels_is_refused():
    contents = overfitted_bitstream.parse(encoded())
    large = overfitted_bitstream.Contents((2**16, 2**16), 1, 16, contents.check, contents.string)
    with pytest.raises(BitstreamError, match="size"):
        load().decode(overfitted_bitstream.pack(large))


@pytest.mark.parametrize("quality", [0, 9, "best", None, True, float("nan")])
def test_quality_off_the_scale_is_refused(quality):
    with pytest.raises(StudyError, match=r"codec overfitted: quality .* allowed: numbers from 1 to 8"):
        load(quality=quality)


@pytest.mark.parametrize(("setting", "value"), [("steps", 0), ("steps", 2.5), ("steps", True), ("device", "gpu")])
def test_wrong_values_of_settings_are_refused(setting, value):
    with pytest.raises(StudyError, match=f"codec overfitted: {setting} is .*allowed: "):
        load(**{setting: value})


def test_what_is_missing_is_a_reason_to_skip(monkeypatch):
    import torch

    assert load().skip() is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "no GPU" in load(device="cuda").skip()
    monkeypatch.setitem(sys.modules, "constriction", None)
    assert load().skip() == "the package constriction is not installed; get it with: pip install constriction"
    with pytest.raises(StudyError, match="can't run here"):
        load().encode(photo())


def test_the_decoder_needs_fewer_than_2000_mac_per_pixel():
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    for chroma_level in (1, 2):
        counted = complexity.macs((512, 768), chroma_level)
        assert sum(counted.values()) < 2000
    form = parameters.Form(tuple(grids.grids((64, 64), 2)), 16)
    values = {name: torch.from_numpy(value).float() for name, value in parameters.start(form).items()}
    zeros = [torch.zeros(grid.rows, grid.columns) for grid in form.grids]
    with FlopCounterMode(display=False) as counter:
        synthesis.image(synthesis.features(zeros, form.grids, values), values)
    assert counter.get_total_flops() == 2 * counted["synthesis"] * 64 * 64


def test_an_encode_job_leaves_its_bitstreams_and_no_checkpoint(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(overfitted_codec, "CHECKPOINT_EVERY", 6)
    from study.images import png

    folder = tmp_path / "photos"
    folder.mkdir()
    png.write(folder / "face.png", photo())
    sets.make("photos", {"folder": str(folder)}, tmp_path / "images" / "images.csv")
    record = tmp_path / "coded" / "encoded.csv"
    encode_decode.encode_set(load(), tmp_path / "images" / "images.csv", record)
    assert sorted(path.name for path in record.parent.iterdir()) == ["encoded.csv", "face.ofc"]
    (row,) = readers.read_record(record, ("image", "status"))
    assert row["status"] == "ok" and Path(record.parent, row["file"]).read_bytes() == encoded()
    assert f"{STEPS}/{STEPS}" in capfd.readouterr().err  # progress, in the job's log
