"""The 9/7 wavelets of Cohen, Daubechies and Feauveau (1992), those of JPEG 2000, by lifting, in PyTorch.

The four steps of lifting are those of Daubechies and Sweldens (1998), with edges mirrored, so that any size can be
parted. Both bands are scaled such that the transform is nearly orthonormal: an error in any of them is about the same
error in the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_STEPS = (-1.586134342, -0.05298011854, 0.8829110762, 0.4435068522)
_LOW, _HIGH = 0.8698644, 1.1496044  # 0.8698644 * 1.1496044 = 1; a constant's low band is the constant times sqrt(2)
MACS = 3  # for a sample and a direction: two steps of lifting and a scale


def joined(low: torch.Tensor, high: torch.Tensor, axis: int) -> torch.Tensor:
    """[..., N + M, ...] of the bands [..., N, ...] and [..., M, ...] along `axis`; N is M or M + 1."""
    import torch

    count = high.shape[axis]
    if not count:
        return low
    even, odd = low * _LOW, high * _HIGH
    for first, second in ((_STEPS[3], _STEPS[2]), (_STEPS[1], _STEPS[0])):
        even = even - first * _around_even(odd, even.shape[axis], axis)
        odd = odd - second * _around_odd(even, count, axis)
    both = torch.stack([even.narrow(axis, 0, count), odd], axis + 1).flatten(axis, axis + 1)
    return torch.cat([both, even.narrow(axis, count, even.shape[axis] - count)], axis)


def parted(values: torch.Tensor, axis: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The bands [..., N, ...] and [..., M, ...] of [..., N + M, ...], of which `joined` makes the values again."""
    import torch

    count = values.shape[axis]
    if count == 1:
        return values, values.narrow(axis, 0, 0)
    even, odd = (values.index_select(axis, torch.arange(first, count, 2)) for first in (0, 1))
    for first, second in ((_STEPS[0], _STEPS[1]), (_STEPS[2], _STEPS[3])):
        odd = odd + first * _around_odd(even, odd.shape[axis], axis)
        even = even + second * _around_even(odd, even.shape[axis], axis)
    return even / _LOW, odd / _HIGH


def _around_even(odd: torch.Tensor, count: int, axis: int) -> torch.Tensor:
    """The sums of both neighbours of the even samples, of which there are `count`."""
    import torch

    wide = torch.cat([odd.narrow(axis, 0, 1), odd, odd.narrow(axis, -1, 1)], axis)
    return wide.narrow(axis, 0, count) + wide.narrow(axis, 1, count)


def _around_odd(even: torch.Tensor, count: int, axis: int) -> torch.Tensor:
    """The sums of both neighbours of the odd samples, of which there are `count`."""
    import torch

    wide = torch.cat([even, even.narrow(axis, -1, 1)], axis)
    return wide.narrow(axis, 0, count) + wide.narrow(axis, 1, count)
