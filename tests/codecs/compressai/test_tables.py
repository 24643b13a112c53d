"""Hostile files of weights: entropy tables that the coder's C++ would believe, and archives that unpack to anything."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import tiny_nets
from study.codecs.compressai import checkpoint, tables
from study.core import isolation
from study.core.errors import BitstreamError, StudyError
from thinned import one_of_a_kind

TABLE, LENGTHS, OFFSETS = (f"entropy_bottleneck.{part}" for part in ("_quantized_cdf", "_cdf_length", "_offset"))
MODEL = "bmshj2018-hyperprior"


def set_first(name, value):
    def change(weights):
        weights[name][0] = value

    return change


def shifted(weights):
    """Lengths that sum up, of other rows."""
    weights[LENGTHS][0] -= 3
    weights[LENGTHS][1] += 3


CASES = {
    "negative length": set_first(LENGTHS, -5),
    "length of zero": set_first(LENGTHS, 0),
    "length of two": set_first(LENGTHS, 2),
    "long length": set_first(LENGTHS, 2**30),
    "lengths of floats": lambda weights: weights.update({LENGTHS: weights[LENGTHS].float()}),
    "lengths of other rows": shifted,
    "no lengths": lambda weights: weights.pop(LENGTHS),
    "empty lengths": lambda weights: weights.update({LENGTHS: weights[LENGTHS][:0]}),
    "fewer lengths": lambda weights: weights.update({LENGTHS: weights[LENGTHS][1:]}),
    "lengths in two axes": lambda weights: weights.update({LENGTHS: weights[LENGTHS][None]}),
    "table of zeros": lambda weights: weights[TABLE].zero_(),
    "random table": lambda weights: weights[TABLE].random_(-(2**31), 2**31 - 1),
    "table of floats": lambda weights: weights.update({TABLE: weights[TABLE].float()}),
    "empty table": lambda weights: weights.update({TABLE: weights[TABLE][:0]}),
    "no table": lambda weights: weights.pop(TABLE),
    "equal neighbours": lambda weights: weights[TABLE].__setitem__(1, 0),
    "a table of bytes": lambda weights: weights.update({TABLE: weights[TABLE].to(torch.uint8)}),
    "table too steep": set_first(TABLE, -1),
    "huge offset": set_first(OFFSETS, 2**31 - 1),
    "hugely negative offset": set_first(OFFSETS, -(2**31)),
    "no offsets": lambda weights: weights.pop(OFFSETS),
    "more channels": lambda weights: weights.update(more_channels(weights)),
    "quantiles of a huge range, no tables": lambda weights: (
        [weights.update({name: weights[name][:0]}) for name in (TABLE, LENGTHS, OFFSETS)],
        weights["entropy_bottleneck.quantiles"].mul_(1e9),
    ),
    "scales that fall": lambda weights: weights.update(
        {"gaussian_conditional.scale_table": torch.linspace(64, 0.1, 64)}
    ),
    "tables of the Gaussian": lambda weights: weights.update(
        {
            "gaussian_conditional._quantized_cdf": torch.zeros(64, 9, dtype=torch.int32),
            "gaussian_conditional._cdf_length": torch.full((64,), 9, dtype=torch.int32),
            "gaussian_conditional._offset": torch.full((64,), -3, dtype=torch.int32),
        }
    ),
}


def more_channels(weights):
    row = weights[TABLE][: int(weights[LENGTHS][0])]
    return {
        TABLE: torch.cat([weights[TABLE], row]),
        LENGTHS: torch.cat([weights[LENGTHS], weights[LENGTHS][:1]]),
        OFFSETS: torch.cat([weights[OFFSETS], weights[OFFSETS][:1]]),
    }


def outcome(folder, bitstream=None):
    """What a codec with these weights does in a process of its own."""

    def work(_):
        codec = tiny_nets.codec(folder, MODEL)
        try:
            data = codec.encode(tiny_nets.photo(40, 56))
            codec.decode(bitstream or data)
        except StudyError as error:
            return {"refused": str(error)}
        return {"coded": True}

    (result,) = isolation.run([0], lambda: work, isolation.Limit(memory_gb=4))
    return result


def test_whole_weights_code(weights):
    assert outcome(weights) == {"coded": True}


@pytest.mark.parametrize("case", one_of_a_kind(CASES, lambda case: case.split()[0]))
def test_odd_tables_are_refused(case, weights, tmp_path):
    content = load_file(weights / f"{MODEL}.safetensors")
    CASES[case](content)
    save_file({name: tensor.contiguous() for name, tensor in content.items()}, tmp_path / f"{MODEL}.safetensors")
    result = outcome(tmp_path)
    assert isinstance(result, dict) and "refused" in result, result
    assert f"{MODEL}.safetensors" in result["refused"] and "\n" not in result["refused"]


@pytest.mark.parametrize("entry", ["tables", "convolution"])
def test_a_tensor_without_name_is_refused(entry, tmp_path):
    content = {7: torch.zeros(3)} if entry == "tables" else {b"g_a": torch.zeros(2)}
    with pytest.raises(StudyError, match="its tensors must have names"):
        tables.check(content, "file")


def test_tables_of_random_edits_never_reach_the_coder(weights):
    """Whatever is accepted is a table that the coder can use: it codes every symbol of it."""
    content = load_file(weights / f"{MODEL}.safetensors")
    chance = np.random.default_rng(5)
    refused = 0
    for _ in range(400):
        tensors = {name: content[name].clone() for name in (TABLE, LENGTHS, OFFSETS)}
        name = chance.choice([TABLE, LENGTHS, OFFSETS])
        at = int(chance.integers(tensors[name].numel()))
        tensors[name][at] = int(chance.choice([-1, 0, 1, 3, 2**16, 2**31 - 1, chance.integers(-(2**31), 2**31)]))
        try:
            tables.check(tensors, "file")
        except StudyError:
            refused += 1
            continue
        rows = torch.split(tensors[TABLE], tensors[LENGTHS].tolist())
        assert all(row[0] == 0 and row[-1] == 2**16 and (row.diff() > 0).all() for row in rows)
        assert tensors[OFFSETS].abs().max() <= 2**20
    assert refused > 200


def bomb(path, size):
    """A checkpoint of zeros, its tensor compressed a thousandfold."""
    torch.save({"state_dict": {"g_a.0.weight": torch.zeros(size // 4)}}, path)
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        for name in whole.namelist():
            packed.writestr(name, whole.read(name))
    path.with_suffix(".zip").rename(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    bomb(tmp_path / "bomb.pth.tar", 2**26)
    assert (tmp_path / "bomb.pth.tar").stat().st_size < 2**18
    with pytest.raises(StudyError, match=r"bomb\.pth\.tar are no file of tensors \(it would unpack to 67,1"):
        checkpoint.read(tmp_path / "bomb.pth.tar", None)


def test_a_tensor_larger_than_its_file_is_refused(tmp_path):
    """One number, repeated by a stride of 0: a gigabyte as soon as somebody copies it."""
    torch.save({"g_a.0.weight": torch.zeros(1).expand(2**28)}, tmp_path / "wide.pth.tar")
    with pytest.raises(StudyError, match="claim 1,073,741,824 bytes of tensors in a file of"):
        checkpoint.read(tmp_path / "wide.pth.tar", None)


def test_a_pickle_runs_no_code(tmp_path):
    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    (tmp_path / "harm.pth.tar").write_bytes(pickle.dumps({"state_dict": Harm()}))
    with pytest.raises(StudyError, match="no file of tensors"):
        checkpoint.read(tmp_path / "harm.pth.tar", None)
    file = io.BytesIO()
    torch.save({"state_dict": Harm()}, file)
    (tmp_path / "harm.pth.tar").write_bytes(file.getvalue())
    with pytest.raises(StudyError, match="no file of tensors"):
        checkpoint.read(tmp_path / "harm.pth.tar", None)
    assert not (tmp_path / "ran").exists()


def test_a_size_beyond_the_largest_image_is_refused_at_once(weights):
    from study.codecs.compressai import bitstream

    codec = tiny_nets.codec(weights, MODEL)
    data = codec.encode(tiny_nets.photo(40, 56))
    contents = bitstream.parse(data)
    forged = bitstream.pack(codec.name, codec._fingerprint, (4096, 4096), contents.strings, [np.zeros(1)])
    codec.largest_pixels = 40 * 56
    assert codec.decode(data).shape == (40, 56, 3)
    with pytest.raises(BitstreamError, match=r"size \(4096, 4096\)"):
        codec.decode(forged)
