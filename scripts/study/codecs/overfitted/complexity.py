"""How many multiplications with additions (MAC) the decoder of the overfitted codec needs."""

from __future__ import annotations

from study.codecs.overfitted import grids, parameters, wavelets


def macs(size: tuple[int, int], chroma_level: int) -> dict[str, float]:
    """MAC per pixel of an image of `size` (H, W): of the `entropy` network, the `wavelets` and the `synthesis`."""
    pixels = size[0] * size[1]
    form = parameters.Form(tuple(grids.grids(size, chroma_level)), 0)
    weights = {name: values for name, values in parameters.start(form).items() if ".w" in name}
    of_an_element = sum(
        values[0].size if len(values) == len(grids.PASSES) and values.ndim > 1 else values.size
        for name, values in weights.items()
        if name in parameters.ENTROPY
    )
    of_a_pixel = sum(values.size for name, values in weights.items() if name.startswith(("colour", "mix")))
    elements = sum(grid.rows * grid.columns for grid in form.grids)
    transformed = sum(2 * wavelets.MACS / 4**level for level in range(grids.LEVELS)) * grids.CHANNELS
    gains = elements / pixels
    return {
        "entropy": of_an_element * elements / pixels,
        "wavelets": transformed + gains,
        "synthesis": float(of_a_pixel),
    }
