"""Every operation of the registry: pure, of the right shape, local, repeatable; and what single ones do."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.core.errors import CodecError
from study.latents import operations, selection
from study.latents.operations import REGISTRY, parsed, perform
from study.latents.selection import Site

SETTINGS = settings(max_examples=40, deadline=None)
NO_PARAMETERS = {"rows": 0, "columns": 0, "channels": 0}


class Others:
    """Other images for an operation: latents of one shape, from a seed."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape

    def latent(self, image: str, image_set: str | None) -> np.ndarray:
        return np.random.default_rng(len(image)).normal(0, 4, self.shape).astype(np.float32)

    def components(self, image_set: str) -> tuple[np.ndarray, np.ndarray]:
        basis, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(self.shape[0], self.shape[0])))
        return np.arange(self.shape[0], dtype=np.float64), basis.T

    def centroid(self, image_set: str, per: str) -> np.ndarray:
        shape = (self.shape[0], 1, 1) if per == "channel" else self.shape
        return np.random.default_rng(len(image_set)).normal(size=shape)


@st.composite
def latents(draw: st.DrawFn) -> np.ndarray:
    shape = draw(st.tuples(*(st.integers(1, 6) for _ in range(3))))
    seed = draw(st.integers(0, 2**16))
    return np.random.default_rng(seed).normal(0, 20, shape).astype(np.float32)


def given_for(kind: operations.Kind, shape: tuple[int, int, int]) -> st.SearchStrategy:
    """Values that a parameter may have, for a latent of this shape."""
    finite = st.floats(-100, 100, allow_nan=False)
    known = {
        operations.NUMBER: finite,
        operations.POSITIVE: st.floats(0.01, 100),
        operations.WHOLE: st.integers(-9, 9),
        operations.INDEX: st.integers(0, shape[0] - 1),
        operations.COUNT: st.integers(1, shape[0]),
        operations.NAME: st.sampled_from(["one", "three"]),
        operations.NAME_OR_NONE: st.sampled_from([None, "other"]),
        operations.FLAG: st.booleans(),
        operations.QUARTERS: st.just(180),
    }
    return known[kind] if kind in known else st.sampled_from(kind.words.split(", "))


@st.composite
def cases(draw: st.DrawFn, name: str) -> tuple[np.ndarray, np.ndarray, dict]:
    """A latent, what is selected of it (a box, for an operation that moves), and parameters."""
    values = draw(latents())
    operation = REGISTRY[name]
    if name == "transpose":
        side = min(values.shape[1:])
        values = np.ascontiguousarray(values[:, :side, :side])
    if operation.moves:
        lines = [np.ones(length, dtype=bool) for length in values.shape]
        lines[0][1:] = draw(st.booleans())
        if name not in ("rotate", "transpose"):
            lines[1][: draw(st.integers(0, values.shape[1] - 1))] = False
        chosen = lines[0][:, None, None] & lines[1][None, :, None] & lines[2]
    else:
        chosen = np.random.default_rng(draw(st.integers(0, 2**16))).random(values.shape) < 0.5
    parameters = {key: draw(given_for(kind, values.shape)) for key, kind in operation.kinds.items()}
    return values, chosen, parameters


@pytest.mark.parametrize("name", REGISTRY)
@SETTINGS
@given(data=st.data())
def test_an_operation_is_pure_local_and_repeatable(name: str, data: st.DataObject) -> None:
    values, chosen, parameters = data.draw(cases(name))
    around = Others(values.shape)
    before = values.copy(), chosen.copy()
    result = perform(values, chosen, REGISTRY[name], parameters, around)
    assert result.shape == values.shape and result.dtype == np.float32
    assert np.array_equal(values, before[0]) and np.array_equal(chosen, before[1])
    assert np.array_equal(result[~chosen], values[~chosen])
    assert np.array_equal(result, perform(values, chosen, REGISTRY[name], parameters, around))
    assert np.isfinite(result).all()


@pytest.mark.parametrize("name", REGISTRY)
def test_an_operation_is_documented_and_its_parameters_are_declared(name: str) -> None:
    operation = REGISTRY[name]
    assert operation.summary.endswith(".")
    arguments = list(inspect.signature(operation.apply).parameters)
    assert arguments[1] == ("box" if operation.moves else "chosen")
    assert arguments[3:] == list(operation.kinds)
    for key, default in operation.defaults.items():
        assert operation.kinds[key].allows(default)


INVERSES = [
    ("negate", {}, "negate", {}),
    ("roll", {"rows": 2, "columns": -3, "channels": 1}, "roll", {"rows": -2, "columns": 3, "channels": -1}),
    ("flip", {"axis": "columns"}, "flip", {"axis": "columns"}),
    ("rotate", {"degrees": 180}, "rotate", {"degrees": 180}),
    ("permute", {"seed": 5, "inverse": False}, "permute", {"seed": 5, "inverse": True}),
    ("scale", {"factor": 2}, "scale", {"factor": 0.5}),
    ("swap", {"first": 0, "second": 0}, "swap", {"first": 0, "second": 0}),
]


@pytest.mark.parametrize("there,given_there,back,given_back", INVERSES)
@SETTINGS
@given(values=latents())
def test_an_operation_and_its_inverse_give_the_latent(
    there: str, given_there: dict, back: str, given_back: dict, values: np.ndarray
) -> None:
    everything = np.ones(values.shape, dtype=bool)
    edited = perform(values, everything, REGISTRY[there], given_there, Others(values.shape))
    assert np.array_equal(perform(edited, everything, REGISTRY[back], given_back, Others(values.shape)), values)


@SETTINGS
@given(values=latents(), seed=st.integers(0, 2**16))
def test_zero_round_and_clip_are_idempotent(values: np.ndarray, seed: int) -> None:
    chosen = np.random.default_rng(seed).random(values.shape) < 0.5
    for name, parameters in (("zero", {}), ("round", {"step": 4}), ("clip", {"limit": 7}), ("fill", {"value": 1.5})):
        once = perform(values, chosen, REGISTRY[name], parameters, Others(values.shape))
        assert np.array_equal(once, perform(once, chosen, REGISTRY[name], parameters, Others(values.shape)))


def done(values: np.ndarray, op: object, select: dict | None = None) -> np.ndarray:
    operation, parameters = parsed(op)
    chosen = selection.chosen(select or {}, Site(values, None, (16, 16)))
    return perform(values, chosen, operation, parameters, Others(values.shape))


def test_what_single_operations_do() -> None:
    y = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    assert done(y, "zero", {"channels": [1]}).ravel().tolist() == [0, 1, 2, 3, 0, 0, 0, 0, 8, 9, 10, 11]
    assert done(y, {"scale": 2}, {"rows": [1]})[0].tolist() == [[0, 1], [4, 6]]
    assert done(y, {"swap": {"first": 0, "second": 2}})[:, 0, 0].tolist() == [8, 4, 0]
    assert done(y, {"shift": {"columns": 1}})[0].tolist() == [[0, 0], [0, 2]]
    assert done(y, {"roll": {"columns": 1}})[0].tolist() == [[1, 0], [3, 2]]
    assert done(y, {"flip": "rows"})[0].tolist() == [[2, 3], [0, 1]]
    assert done(y, {"rotate": 90})[0].tolist() == [[1, 3], [0, 2]]
    assert done(y, "transpose")[0].tolist() == [[0, 2], [1, 3]]
    assert done(y, {"round": 4})[0].tolist() == [[0, 0], [0, 4]]
    assert done(y, {"clip": 5})[2].tolist() == [[5, 5], [5, 5]]


def test_noise_has_its_standard_deviation_and_its_kind() -> None:
    zeros = np.zeros((50, 40, 40), dtype=np.float32)
    for kind in ("normal", "uniform"):
        drawn = done(zeros, {"noise": {"std": 0.5, "kind": kind, "seed": 7}})
        assert drawn.std() == pytest.approx(0.5, rel=0.01) and abs(drawn.mean()) < 0.01
    assert np.abs(drawn).max() <= 0.5 * 3**0.5
    assert not np.array_equal(drawn, done(zeros, {"noise": {"std": 0.5, "kind": "uniform", "seed": 8}}))


def test_interpolation_projection_and_direction() -> None:
    y = np.random.default_rng(0).normal(0, 5, (4, 3, 3)).astype(np.float32)
    around = Others(y.shape)
    other = around.latent("one", None)
    everything = np.ones(y.shape, dtype=bool)
    for t, wanted in ((0, y), (1, other), (0.25, 0.75 * y + 0.25 * other)):
        operation, parameters = parsed({"interpolate": {"image": "one", "t": t}})
        assert np.allclose(perform(y, everything, operation, parameters, around), wanted, atol=1e-5)
    assert np.allclose(done(y, {"project": {"k": 4, "of": "any"}}), y, atol=1e-4)
    mean, components = around.components("any")
    operation, parameters = parsed({"project": {"k": 2, "of": "any"}})
    projected = perform(y, everything, operation, parameters, around).reshape(4, -1) - mean[:, None]
    assert np.abs(components[2:] @ projected).max() < 1e-4
    there = done(y, {"arithmetic": {"start": "a", "end": "bb", "amount": 2}})
    assert np.allclose(there - y, 2 * (around.centroid("bb", "channel") - around.centroid("a", "channel")), atol=1e-4)


@pytest.mark.parametrize(
    "op,words",
    [
        ("zeroes", "did you mean 'zero'"),
        ({"scale": "big"}, "a finite number"),
        ({"scale": float("nan")}, "a finite number"),
        ({"scale": float("inf")}, "a finite number"),
        ({"scale": []}, "an empty list"),
        ({"round": 0}, "a number above 0"),
        ({"noise": {"sdt": 1}}, "did you mean 'std'"),
        ({"noise": {"seed": 1}}, "'std' is missing"),
        ({"zero": 3}, "it has no parameters"),
        ({"rotate": 45}, "90, 180, 270"),
        ({"zero": {}, "negate": {}}, "a name, or a name with its parameters"),
        (7, "a name, or a name with its parameters"),
    ],
)
def test_nonsense_is_refused(op: object, words: str) -> None:
    with pytest.raises(CodecError, match=re.escape(words)):
        parsed(op)


def test_what_can_not_be_done_is_refused() -> None:
    y = np.zeros((3, 2, 4), dtype=np.float32)
    with pytest.raises(CodecError, match="must be a box"):
        done(y, {"roll": {"rows": 1}}, {"channels": [0], "rows": [0], "invert": True})
    with pytest.raises(CodecError, match="can't be turned in place"):
        done(y, {"rotate": 90}, {"channels": [0]})
    assert done(y, {"rotate": 90}).shape == (3, 4, 2)
    with pytest.raises(CodecError, match="channel 7 is unknown"):
        done(y, {"swap": {"first": 0, "second": 7}})
    with pytest.raises(CodecError, match="images of equal size"):
        operation, parameters = parsed({"replace": "x"})
        perform(y, np.ones(y.shape, bool), operation, parameters, Others((3, 2, 2)))
