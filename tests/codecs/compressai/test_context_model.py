"""The context model's order of coding: every position once, and after all that it depends on."""

import numpy as np
import pytest

from study.codecs.compressai.context_model import in_order, steps


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
    assert in_order(values).tolist() == [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15]
    wide = np.arange(2 * 2 * 5).reshape(2, 2, 5)
    assert in_order(wide).tolist() == [0, 10, 1, 11, 2, 12, 3, 13, 5, 15, 4, 14, 6, 16, 7, 17, 8, 18, 9, 19]
