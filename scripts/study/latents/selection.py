"""Which elements of a latent an edit touches: parts of its axes, the strongest channels, a region of the image.

A selection is a mapping; what its keys select is intersected, and `invert` takes the rest instead:

- `channels`, `rows`, `columns`: a list of indexes, or a span `{from: a, to: b}` without b: both whole numbers (indexes)
  or both fractions of the axis (0.5, 1.0); either end may be left out. `channels: each` is a sweep.
- `order: {by: energy}`: a span of channels counts them in falling order of their energy (mean square of the unedited
  latent), or `by: bits`; `order: {by: random, seed: 1}` in a random order (PCG64), in which a list of seeds is a sweep.
- `top: {k: 8, by: bits}`: the k channels with the most bits, or `by: energy` (mean square of the unedited latent).
- `mask: {rectangle: [left, top, right, bottom]}` in fractions of the image, or `mask: {png: path}`: an image of the
  same size (or shape), white where elements are selected. An element is selected if at least half its square is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from study.core.errors import CodecError, StudyError, allowed

AXES = ("channels", "rows", "columns")
KEYS = (*AXES, "order", "top", "mask", "invert")
BY = ("bits", "energy")
RANDOM = "random"
ONE_BY_ONE = "each"
ALL = "all"
_SPAN = "a list of indexes, or {from: a, to: b} in indexes (16, 32) or in fractions (0.5, 1.0)"


@dataclass(frozen=True)
class Site:
    """What a selection may ask of the latent that it selects from: y or z of one image, before any edit.

    `values` float32 [channels, rows, columns]; `bits` the same shape, None where the codec can't tell;
    `size` is (H, W) of the image.
    """

    values: np.ndarray
    bits: np.ndarray | None
    size: tuple[int, int]


def chosen(select: Mapping, site: Site) -> np.ndarray:
    """The selected elements, bool [channels, rows, columns]. Raises CodecError for what this latent doesn't have."""
    shape = site.values.shape
    mask = np.ones(shape, dtype=bool)
    for axis, name in enumerate(AXES):
        if name in select:
            line = np.zeros(shape[axis], dtype=bool)
            indexes = _indexes(select[name], shape[axis], name)
            line[_ordered(select["order"], site)[indexes] if name == "channels" and "order" in select else indexes] = (
                True
            )
            mask &= line.reshape([-1 if other == axis else 1 for other in range(3)])
    if "top" in select:
        line = np.zeros(shape[0], dtype=bool)
        line[_top(select["top"], site)] = True
        mask &= line[:, None, None]
    if "mask" in select:
        mask &= _on_grid(_image_mask(select["mask"], site.size), shape[1:])
    return ~mask if select.get("invert", False) else mask


def strongest(site: Site, by: str) -> np.ndarray:
    """The channels [C] in falling order of their bits or energy; equal ones in their own order. Raises CodecError."""
    if by == "bits" and site.bits is None:
        raise CodecError("the codec doesn't tell its bits, so channels can't be chosen by them; use by: energy")
    per_channel = site.bits.sum((1, 2)) if by == "bits" else np.square(site.values, dtype=np.float64).mean((1, 2))
    return np.argsort(-per_channel, kind="stable")


def problems(select: object, channels: int | None = None) -> Iterator[str]:
    """What is wrong with a selection, as far as it can be seen without a latent; `channels` is their number if known.

    A sweep (`each`, a list of k) is right here.
    """
    if not isinstance(select, Mapping):
        yield f"select: found {select!r}; allowed: a mapping with {', '.join(KEYS)}"
        return
    for key, value in select.items():
        if key not in KEYS:
            yield f"select.{key}: this key is unknown; {allowed(key, KEYS)}"
        elif key in AXES and not (key == "channels" and value == ONE_BY_ONE):
            problem = _span_problem(value, channels if key == "channels" else None)
            if problem:
                yield f"select.{key}: {problem}"
        elif key == "order":
            yield from _order_problems(value, select.get("channels"))
        elif key == "top":
            yield from _top_problems(value, channels)
        elif key == "mask":
            yield from _mask_problems(value)
        elif key == "invert" and not isinstance(value, bool):
            yield f"select.invert: found {value!r}; allowed: true, false"


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return _whole(value) or isinstance(value, float)


def _span_problem(value: object, length: int | None) -> str:
    if isinstance(value, list):
        if not value or not all(_whole(index) and index >= 0 for index in value):
            return f"found {value!r}; allowed: {_SPAN}"
        if len(set(value)) < len(value):
            return f"{value!r} names an index twice"
        if length is not None and max(value) >= length:
            return f"index {max(value)} is outside the axis, which has {length}: 0 to {length - 1}"
        return ""
    if not isinstance(value, Mapping) or not value or not set(value) <= {"from", "to"}:
        return f"found {value!r}; allowed: {_SPAN}"
    ends = list(value.values())
    if not all(_number(end) and end >= 0 for end in ends):
        return f"found {dict(value)!r}; allowed: {_SPAN}"
    if _fractions(value):
        low, high = value.get("from", 0.0), value.get("to", 1.0)
        if not 0 <= low < high <= 1:
            return f"found {low} to {high}; fractions go from 0.0 to 1.0, and `from` is less than `to`"
    elif any(isinstance(end, float) for end in ends):
        return f"found {dict(value)!r}; both ends must be fractions (0.5, 1.0) or both indexes (16, 32)"
    else:
        low, high = value.get("from", 0), value.get("to")
        if high is not None and low >= high:
            return f"found {low} to {high}; `from` must be less than `to`"
        if length is not None and max(low + 1, high or 0) > length:
            return f"{low} to {high} goes beyond the axis, which has {length}"
    return ""


def _fractions(span: Mapping) -> bool:
    """Whether a span is in fractions: an end is written with a point, and the other may be 0 or 1."""
    ends = list(span.values())
    return any(isinstance(end, float) for end in ends) and all(isinstance(end, float) or end in (0, 1) for end in ends)


def _indexes(value: object, length: int, axis: str) -> np.ndarray:
    problem = _span_problem(value, length)
    if problem:
        raise CodecError(f"select.{axis}: {problem}")
    if isinstance(value, list):
        return np.array(value)
    low, high = value.get("from", 0), value.get("to", 1.0 if _fractions(value) else length)
    if _fractions(value):
        low, high = round(low * length), round(high * length)
        if low == high:
            raise CodecError(f"select.{axis}: {dict(value)!r} selects nothing of an axis of {length}")
    return np.arange(low, high)


def _order_problems(value: object, channels: object) -> Iterator[str]:
    wanted = "allowed: {by: bits}, {by: energy}, {by: random, seed: a whole number or a list of them}"
    if not isinstance(value, Mapping) or "by" not in value:
        yield f"select.order: found {value!r}; {wanted}"
        return
    if value["by"] not in (*BY, RANDOM):
        yield f"select.order.by: found {value['by']!r}; {allowed(value['by'], (*BY, RANDOM))}"
    elif set(value) != ({"by", "seed"} if value["by"] == RANDOM else {"by"}):
        yield f"select.order: found {dict(value)!r}; {wanted}"
    elif value["by"] == RANDOM:
        seeds = value["seed"] if isinstance(value["seed"], list) else [value["seed"]]
        if not seeds or not all(_whole(seed) and seed >= 0 for seed in seeds) or len(set(seeds)) < len(seeds):
            yield f"select.order.seed: found {value['seed']!r}; {wanted}"
    if not isinstance(channels, Mapping):
        yield f"select.order: it counts a span of channels; found channels {channels!r}, allowed: {{from: a, to: b}}"


def _ordered(order: Mapping, site: Site) -> np.ndarray:
    """Every channel, in the order that a span counts them."""
    if order["by"] == RANDOM:
        return np.random.default_rng(order["seed"]).permutation(len(site.values))
    return strongest(site, order["by"])


def _top_problems(value: object, channels: int | None) -> Iterator[str]:
    wanted = "allowed: {k: a whole number, a list of them, or all; by: bits or energy}"
    if not isinstance(value, Mapping) or "k" not in value or not set(value) <= {"k", "by"}:
        yield f"select.top: found {value!r}; {wanted}"
        return
    if value.get("by", "bits") not in BY:
        yield f"select.top.by: found {value['by']!r}; {allowed(value['by'], BY)}"
    k = value["k"]
    for count in [] if k == ALL else k if isinstance(k, list) else [k]:
        if not _whole(count) or count < 0:
            yield f"select.top.k: found {count!r}; {wanted}"
        elif channels is not None and count > channels:
            yield f"select.top.k: found {count}; the latent has {channels} channels"
    if k == []:
        yield f"select.top.k: found []; {wanted}"


def _top(top: Mapping, site: Site) -> np.ndarray:
    count = len(site.values)
    if top["k"] > count:
        raise CodecError(f"select.top.k: found {top['k']}; the latent has {count} channels")
    return strongest(site, top.get("by", "bits"))[: top["k"]]


def _mask_problems(value: object) -> Iterator[str]:
    if not isinstance(value, Mapping) or len(value) != 1 or not set(value) <= {"rectangle", "png"}:
        yield f"select.mask: found {value!r}; allowed: {{rectangle: [left, top, right, bottom]}}, or {{png: path}}"
    elif "rectangle" in value:
        ends = value["rectangle"]
        if not isinstance(ends, list) or len(ends) != 4 or not all(_number(end) and 0 <= end <= 1 for end in ends):
            yield f"select.mask.rectangle: found {ends!r}; allowed: [left, top, right, bottom] in fractions"
        elif not (ends[0] < ends[2] and ends[1] < ends[3]):
            yield f"select.mask.rectangle: {ends!r} is empty: left must be less than right, top less than bottom"
    elif not isinstance(value["png"], str) or not value["png"]:
        yield f"select.mask.png: found {value['png']!r}; allowed: the path of an image, relative to the repository"


def _image_mask(mask: Mapping, size: tuple[int, int]) -> np.ndarray:
    """The mask of an image, float [H, W], 1 where it selects."""
    height, width = size
    if "rectangle" in mask:
        left, top, right, bottom = mask["rectangle"]
        wanted = np.zeros(size)
        wanted[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = 1
        return wanted
    from PIL import Image

    path = Path(mask["png"])
    try:
        with Image.open(path) as image:
            image = image.convert("L")
    except (OSError, ValueError) as error:
        raise StudyError(f"select.mask.png: can't read {path}: {error}") from None
    if image.size[0] * height != image.size[1] * width:
        own = "x".join(map(str, image.size))
        raise CodecError(f"select.mask.png: {path} is {own}, another shape than the image, {width}x{height}")
    return np.asarray(image.resize((width, height), Image.Resampling.BOX), dtype=np.float64) / 255


def _on_grid(mask: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """An image's mask on the latent's grid: where at least half of an element's square is selected."""
    stride = max(2 ** int(np.ceil(np.log2(max(1, side / count)))) for side, count in zip(mask.shape, grid))
    missing = [count * stride - side for count, side in zip(grid, mask.shape)]
    if min(missing) < 0:
        raise CodecError(f"select.mask: the latent's grid {list(grid)} doesn't cover an image of {list(mask.shape)}")
    padded = np.pad(mask, [(pixels // 2, pixels - pixels // 2) for pixels in missing], mode="edge")
    squares = padded.reshape(grid[0], stride, grid[1], stride)
    return squares.mean((1, 3)) >= 0.5
