"""The transforms of the compressive autoencoder: their shapes, and what a residual block adds."""

import torch

from study.codecs.compressai import autoencoder


def test_a_position_of_the_latent_is_a_block_of_eight_by_eight() -> None:
    analysis, synthesis = autoencoder.transforms([4, 6], 5)
    y = analysis(torch.rand(2, 3, 32, 64))
    assert y.shape == (2, 5, 4, 8)
    assert synthesis(y).shape == (2, 3, 32, 64)


def test_a_block_adds_to_what_comes_in() -> None:
    block, x = autoencoder.Residual(3), torch.rand(1, 3, 5, 7)
    with torch.no_grad():
        block.second.weight.zero_()
        block.second.bias.fill_(0.5)
        assert torch.allclose(block(x), x + 0.5)


def test_the_scales_of_pixels_are_each_others_inverse() -> None:
    analysis, synthesis = autoencoder.transforms([4, 6], 5)
    x = torch.rand(1, 3, 4, 4)
    assert torch.allclose(synthesis[-1](analysis[0](x)), x, atol=1e-6)
