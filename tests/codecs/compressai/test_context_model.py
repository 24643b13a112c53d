"""The context model's order of coding: every position once, and after all that it depends on."""

import numpy as np
import pytest

from study.codecs.compressai.context_model import checkerboard_steps, in_order, steps


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (4, 6), (32, 48)])
def test_every_position_comes_once_and_after_its_context(size: tuple[int, int]) -> None:
    rows, columns = size
    step_of = np.full(size, -1)
    for number, (row, column) in enumerate(steps(rows, columns)):
        assert len(row) and (step_of[row, column] == -1).all()
        step_of[row, column] = number
    assert (step_of >= 0).all()
    for row in range(rows):
        for column in range(columns):
            above = step_of[max(row - 2, 0) : row, max(column - 2, 0) : column + 3]
            left = step_of[row, max(column - 2, 0) : column]
            assert (above < step_of[row, column]).all() and (left < step_of[row, column]).all()


def test_the_order_is_position_after_position_and_channel_after_channel() -> None:
    values = np.arange(2 * 2 * 4).reshape(2, 2, 4)
    assert in_order(values, steps(2, 4)).tolist() == [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15]
    wide = np.arange(2 * 2 * 5).reshape(2, 2, 5)
    expected = [0, 10, 1, 11, 2, 12, 3, 13, 5, 15, 4, 14, 6, 16, 7, 17, 8, 18, 9, 19]
    assert in_order(wide, steps(2, 5)).tolist() == expected


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (3, 4), (32, 48)])
def test_a_checkerboard_has_its_even_half_first(size: tuple[int, int]) -> None:
    order = [(row, column) for step in checkerboard_steps(*size) for row, column in zip(*map(list, step))]
    assert sorted(order) == [(row, column) for row in range(size[0]) for column in range(size[1])]
    halves = [(row + column) % 2 for row, column in order]
    assert halves == sorted(halves)
