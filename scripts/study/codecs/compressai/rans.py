"""Entropy coding of integer latents with CompressAI's tables and its rANS coder: the same bytes, fewer conversions.

The library hands its whole table of the Gaussian, 64 rows of 3133 entries, to the coder as nested lists, each time
anew. Here the lists are made once, without the rows' padding. Integers are handed over with 128 added, as are the
tables' offsets, which changes no code: nearly all are then among the few that Python need not make anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from study.codecs.coded_bits import coded_bits
from study.core.errors import BitstreamError, CodecError

if TYPE_CHECKING:
    from compressai.entropy_models import EntropyModel
    from compressai.models import CompressionModel

LARGEST = 2**20
_SLACK = 8
_SHIFT = 128


class Tables:
    """The distributions of an entropy model: quantised CDFs by index, as lists for the coder."""

    def __init__(self, model: EntropyModel) -> None:
        self.lengths = model.cdf_length.tolist()
        self.offsets = model.offset.tolist()
        self._shifted = [offset + _SHIFT for offset in self.offsets]
        rows = model.quantized_cdf.numpy()
        self.cdfs = [rows[index, :length].tolist() for index, length in enumerate(self.lengths)]

    def encode(self, symbols: np.ndarray, indexes: np.ndarray) -> bytes:
        """The string of integers of any shape; `indexes` of the same shape choose the distributions."""
        from compressai.ans import RansEncoder

        lists = (symbols + _SHIFT).reshape(-1).tolist(), indexes.reshape(-1).tolist()
        return RansEncoder().encode_with_indexes(*lists, self.cdfs, self.lengths, self._shifted)

    def bits(self, symbols: np.ndarray, indexes: np.ndarray) -> np.ndarray:
        """The length of each integer's code in bits, float64 in the shape of `symbols` (`coded_bits`)."""
        width = max(self.lengths)
        cdfs = np.array([row + [row[-1]] * (width - len(row)) for row in self.cdfs])
        return coded_bits(symbols, indexes, cdfs, np.array(self.lengths), np.array(self.offsets))

    def decode(self, string: bytes, indexes: np.ndarray) -> np.ndarray:
        """The integers, int32 in the shape of `indexes`, of a string. Raises BitstreamError if it can't be one."""
        decoder = self.decoder(string, indexes.size)
        return self.decode_next(decoder, indexes)

    def decoder(self, string: bytes, count: int) -> Any:
        """A decoder for `count` integers, to be asked for some at a time.

        The library's reads on where a string of other probabilities ends, so it gets zeros enough to read: 2 bytes and
        less for an integer, and up to 15 digits of 4 bits for each 4 bits of the string that count digits.
        """
        from compressai.ans import RansDecoder

        if len(string) < 4:
            raise BitstreamError(
                f"inconsistent bitstream: a string of {len(string)} bytes can't hold entropy-coded values"
            )
        decoder = RansDecoder()
        decoder.set_stream(string + bytes(_SLACK * (count + 16) + 16 * len(string)))
        return decoder

    def decode_next(self, decoder: Any, indexes: np.ndarray) -> np.ndarray:
        """The next integers of a decoder, int32 in the shape of `indexes`."""
        values = decoder.decode_stream(indexes.reshape(-1).tolist(), self.cdfs, self.lengths, self._shifted)
        try:
            integers = np.frombuffer(bytearray(values), dtype=np.uint8).astype(np.int32)
        except ValueError:  # some aren't bytes
            integers = np.array(values, dtype=np.int32)
        return (integers - _SHIFT).reshape(indexes.shape)


def quantised(values: np.ndarray, centre: np.ndarray | float) -> np.ndarray:
    """The integers, int32 of any shape, of latents about their medians or means. CodecError for too large ones."""
    symbols = np.rint(values - centre)
    if not np.isfinite(symbols).all() or np.abs(symbols).max(initial=0) > LARGEST:
        raise CodecError(f"the latent holds values that aren't finite or beyond ±{LARGEST}; they can't be coded")
    return symbols.astype(np.int32)


def channel_indexes(shape: tuple[int, ...]) -> np.ndarray:
    """Each channel's own distribution: indexes [C, H, W] for an entropy bottleneck."""
    return np.broadcast_to(np.arange(shape[0])[:, None, None], shape)


def scale_indexes(scales: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Index of the smallest scale of the table [N] not below each of `scales` (any shape); the last, if all are."""
    return np.searchsorted(table[:-1], scales, side="left")


def complete(net: CompressionModel) -> None:
    """Give a network the tables that its weights lack; those that it has stay.

    scipy.special.ndtri is what the library's scipy.stats.norm.ppf computes, without a second of imports.
    """
    from scipy.special import ndtri

    net.entropy_bottleneck.update()
    if hasattr(net, "gaussian_conditional") and not net.gaussian_conditional.offset.numel():
        from compressai.models.base import get_scale_table

        net.gaussian_conditional._standardized_quantile = ndtri
        net.gaussian_conditional.update_scale_table(get_scale_table())
