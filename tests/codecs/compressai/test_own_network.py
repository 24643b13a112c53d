"""Networks of one's own: the round trip, the latents, what is refused and how it is told."""

from __future__ import annotations

import hashlib
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import own_networks
from study.codecs import registry
from study.codecs.base import Codec, Latents
from study.codecs.compressai import bitstream as container
from study.codecs.compressai import complexity, own_network
from study.codecs.registry import CodecSpec
from study.core import atomic_io, readers
from study.core.errors import BitstreamError, CodecError, StudyError
from study.images import png
from study.jobs import encode_decode
from study.planning import cells, code_hash, config
from thinned import one_of_a_kind
from tiny_nets import photo


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of code; what was imported from it is forgotten at the end."""
    before = set(sys.modules)
    yield own_networks.write_folder(tmp_path_factory.mktemp("source"))
    for name in set(sys.modules) - before:
        if name.startswith("paper"):
            del sys.modules[name]


def load(settings: dict, quality: float = 1) -> Codec:
    return registry.load("own", quality, CodecSpec(backend="compressai", settings=settings))


@pytest.fixture
def own(folder: Path, tmp_path: Path):
    """Makes the codec of a network of the folder."""

    def make(name: str, ending: str = ".pth.tar", **more: object) -> Codec:
        made = own_networks.net(f"paper.nets:{name}", folder)
        return load(own_networks.settings(folder, name, own_networks.save(made, tmp_path / f"c{ending}"), **more))

    return make


@pytest.fixture(scope="module")
def elic(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The settings of a small ELIC of the library with random weights."""
    path = tmp_path_factory.mktemp("elic") / "checkpoint.pth.tar"
    own_networks.save(own_networks.net(own_networks.ELIC["class"], **own_networks.ELIC["arguments"]), path)
    return {**own_networks.ELIC, "checkpoint": str(path)}


@pytest.mark.slow
def test_elic(elic):
    """Strings of five kinds, shapes in a dictionary: all comes back, latents too."""
    one, other = load(elic), load(elic)
    rgb = photo(50, 90)
    data = one.encode(rgb)
    decoded = other.decode(data)
    assert decoded.shape == rgb.shape and decoded.dtype == np.uint8 and np.unique(decoded).size > 10
    assert len(container.parse(data).strings) == 1 + 2 * 3 + 1  # a layout, two halves of three groups, z
    latents = one.analyse(rgb)
    assert latents.y.shape == (16, 4, 8) and latents.z.shape == (8, 1, 2)
    assert one.write(latents) == data == one.write(Latents(latents.y, None, latents.size))
    read = other.read(data)
    assert np.array_equal(other.synthesise(read), decoded)
    assert read.z.shape == latents.z.shape and np.abs(read.z - latents.z).max() < 1
    parts = one.string_bytes(data)
    assert list(parts) == ["y", "z"] and sum(parts.values()) == one.payload_bytes(data) < len(data) - 24


@pytest.mark.slow
def test_an_edited_latent_is_what_is_written(elic):
    one = load(elic)
    latents = one.analyse(photo(64, 64))
    quiet = one.write(Latents(latents.y * 0, None, latents.size))
    assert one.payload_bytes(quiet) < one.payload_bytes(one.write(latents))
    kept = one.read(one.write(Latents(latents.y * 0, latents.z, latents.size)))
    assert np.array_equal(kept.z, one.read(one.write(latents)).z)
    for wrong in (latents.y.astype(np.float64), latents.y * np.float32(np.nan), latents.y[0]):
        with pytest.raises(CodecError, match="latent must be float32"):
            one.write(Latents(wrong, None, latents.size))


@pytest.mark.parametrize(
    "ending", [".safetensors", *(pytest.param(one, marks=pytest.mark.slow) for one in (".pth.tar", ".pth"))]
)
@pytest.mark.parametrize("size", one_of_a_kind([[1, 1], [17, 31], [64, 40]], lambda size: "size"))
def test_a_class_of_a_folder(own, ending, size):
    one = own("Plain", ending)
    rgb = photo(*size)
    data = one.encode(rgb)
    assert own("Plain", ending).decode(data).shape == rgb.shape
    rows, columns = (-(-side // 4) for side in size)  # its multiple is 4
    assert one.analyse(rgb).y.shape == (8, rows, columns)
    assert one.write(one.analyse(rgb)) == data
    assert one.string_bytes(data) == {"y": one.payload_bytes(data)}


def test_the_image_is_the_networks_own(own, folder):
    """What is decoded is what the network's decompress() makes of its compress(), rounded."""
    made = own_networks.net("paper.nets:Plain", folder).eval()
    made.update()
    rgb = photo(40, 60)
    x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        coded = made.compress(x)
        image = made.decompress(**coded)["x_hat"][0].mul(255).round().permute(1, 2, 0).numpy().astype(np.uint8)
    one = own("Plain")
    data = one.encode(rgb)
    assert container.parse(data).strings[1] == coded["strings"][0][0]
    assert np.abs(one.decode(data).astype(int) - image).max() <= 1


def test_own_names_own_nesting_and_arguments_of_the_call(own):
    one = own("Tiled", call={"step": "{quality}"}, multiple=2)
    rgb = photo(33, 47)
    data = one.encode(rgb)
    assert one.decode(data).shape == rgb.shape
    assert len(container.parse(data).strings) == 3
    coarse = load({**one.settings}, quality=4)
    assert coarse.payload_bytes(coarse.encode(rgb)) < one.payload_bytes(data)
    with pytest.raises(BitstreamError, match="other weights, or another class or arguments"):
        coarse.decode(data)
    for part in (lambda: one.analyse(rgb), lambda: one.read(data)):
        with pytest.raises(CodecError, match="latent analysis isn't supported for Tiled: it has no g_a and no g_s"):
            part()


def test_another_coder_is_warned_of(own):
    one = own("OwnCoder")
    with pytest.warns(UserWarning, match="OwnCoder doesn't code with CompressAI's coder"):
        data = one.encode(photo(20, 24))
    assert one.decode(data).shape == (20, 24, 3)


def test_damage_and_other_weights_are_told(own, folder, tmp_path):
    one = own("Plain")
    data = one.encode(photo(40, 40))
    for position in range(0, len(data), 7):
        broken = bytearray(data)
        broken[position] ^= 4
        with pytest.raises(BitstreamError):
            one.decode(bytes(broken))
    with torch.no_grad():
        changed = own_networks.net("paper.nets:Plain", folder)
        changed.g_s[0].weight.add_(0.1)
    other = own_networks.save(changed, tmp_path / "other.pth")
    with pytest.raises(BitstreamError, match="other weights"):
        load(own_networks.settings(folder, "Plain", other)).decode(data)


def test_a_decode_that_went_astray_is_an_error(own):
    one = own("Astray")
    with pytest.raises(BitstreamError, match="aren't those that were encoded"):
        one.decode(one.encode(photo(40, 40)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("NoCompress", r"^NoCompress has no compress\(\)"),
        ("Smaller", r"^Smaller gave an image \[1, 3, 24, 23\], and the one it was given is \[1, 3, 24, 24\]$"),
        ("Raising", r"^compress of Raising ended with IndexError: list index out of range \(nets.py, line \d+\)$"),
        ("Listing", r"^compress\(\) of Listing gave a list; it must give a dictionary"),
        ("Strange", r"^what compress\(\) of Strange gave holds a object; allowed: bytes"),
        ("NotANumber", r"^NotANumber gave an image with values that are not finite"),
    ],
)
def test_faults_of_a_network_are_told_in_one_sentence(own, name, message):
    one = own(name)
    with pytest.raises(StudyError, match=message) as caught, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one.decode(one.encode(photo(22, 24)))
    assert "\n" not in str(caught.value)


def test_checkpoints_that_dont_fit(folder, tmp_path):
    made = own_networks.net("paper.nets:Plain", folder)
    state = made.state_dict()

    def refusal(state: object, **more: object) -> str:
        torch.save(state, tmp_path / "checkpoint.pth")
        one = load(own_networks.settings(folder, "Plain", tmp_path / "checkpoint.pth", **more))
        for _ in range(2):  # the same again, without loading anew
            with pytest.raises(StudyError) as caught:
                one.encode(photo(16, 16))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    lacking = {name: value for name, value in state.items() if not name.startswith("g_s.0")}
    assert "lacks 2 tensors (g_s.0.weight, g_s.0.bias) of Plain; correct arguments" in refusal(lacking)
    assert "has 1 tensor (extra), which Plain hasn't" in refusal({**state, "extra": torch.zeros(1)})
    wide = refusal(state, arguments={"channels": 12})
    assert "g_a.0.weight is [8, 3, 5, 5], and Plain with these arguments has [12, 3, 5, 5]" in wide
    assert "Plain(depth=3) ended with TypeError" in refusal(state, arguments={"depth": 3})
    assert "not finite" in refusal({**state, "g_a.0.bias": state["g_a.0.bias"] * float("nan")})
    assert "are no file of tensors" in refusal({"state_dict": Harmful(tmp_path / "harm")})
    assert not (tmp_path / "harm").exists()
    broken = {**state, "entropy_bottleneck._quantized_cdf": torch.ones(8, 9, dtype=torch.int32)}
    assert "_cdf_length is missing" not in refusal(broken) and "entropy tables" in refusal(broken)
    assert load(own_networks.settings(folder, "Plain", tmp_path / "none.pth")).skip().endswith("correct `checkpoint`")


class Harmful:
    """A pickle that would make a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


def test_names_of_a_wrapper_for_several_gpus(folder, tmp_path):
    made = own_networks.net("paper.nets:Plain", folder)
    torch.save({"model_state_dict": {f"module.{k}": v for k, v in made.state_dict().items()}}, tmp_path / "c.pth")
    one = load(own_networks.settings(folder, "Plain", tmp_path / "c.pth"))
    assert one.decode(one.encode(photo(16, 16))).shape == (16, 16, 3)


def test_a_network_whose_tables_nobody_makes(folder, tmp_path):
    path = own_networks.save(own_networks.net("paper.nets:Untabled", folder), tmp_path / "c.safetensors")
    with pytest.raises(StudyError, match=r"Untabled has entropy models without tables and no update\(\)"):
        load(own_networks.settings(folder, "Untabled", path)).encode(photo(16, 16))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trust": False}, "would run here with all that you may do .* say `trust: true`"),
        ({"trust": "yes"}, "say `trust: true`"),
        ({"class": "paper.nets.Plain"}, "allowed: package.module:ClassName"),
        ({"class": "paper.nets:Plain; import os"}, "allowed: package.module:ClassName"),
        ({"class": "paper.other:Plain"}, "has no module paper.other"),
        ({"class": "study.core:Plain"}, "is this workflow's own"),
        ({"class": "no_such_package.nets:Plain", "path": None}, "no package no_such_package is installed"),
        ({"path": "no/such/folder"}, "allowed: the folder that holds the package paper"),
        ({"checkpoint": None}, "checkpoint"),
        ({"arguments": [1]}, "allowed: arguments by name"),
        ({"call": "s"}, "allowed: arguments by name"),
        ({"multiple": 0}, "at least 1"),
        ({"device": "tpu"}, "device is 'tpu'; .*allowed: cpu, cuda"),
        ({"checkpiont": "x"}, "did you mean 'checkpoint'"),
    ],
)
def test_settings_that_mean_no_network(folder, tmp_path, change, message):
    with pytest.raises(StudyError, match=message):
        load({**own_networks.settings(folder, "Plain", tmp_path / "c.pth"), **change})
    assert "paper.other" not in sys.modules


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("paper.nets:Plein", "has no class Plein; did you mean 'Plain'"),
        ("paper.nets:not_a_class", "is no network"),
        ("paper.broken:Plain", r"can't import paper.broken .*: SyntaxError"),
    ],
)
def test_code_that_has_no_network(folder, tmp_path, named, message):
    (folder / "paper" / "broken.py").write_text("def broken(:\n")
    (tmp_path / "c.pth").write_bytes(b"")
    with pytest.raises(StudyError, match=message):
        load({**own_networks.settings(folder, "Plain", tmp_path / "c.pth"), "class": named}).encode(photo(8, 8))


def test_what_an_edit_of_must_rerun(folder, tmp_path):
    """The sources are all code of the folder but hidden; those of an installed package are its own."""
    kind = registry.backend("compressai", {"class": "paper.nets:Plain"})
    chosen = own_networks.settings(folder, "Plain", tmp_path / "c.pth")
    names = {path.name for path in kind.sources(chosen)}
    assert {"__init__.py", "nets.py", "parts.py"} <= names
    assert kind.sources({**own_networks.ELIC, "checkpoint": "c.pth"}) == []  # the lock has its version
    installed = kind.sources({"class": "safetensors.torch:Any", "checkpoint": "c.pth"})
    assert "torch.py" in {path.name for path in installed}
    assert kind.weights_source(chosen, 2).path == chosen["checkpoint"]
    assert kind.weights_source({**chosen, "checkpoint": "c-{quality}.pth"}, 2).path == "c-2.pth"


@pytest.mark.slow
def test_the_same_bytes_whatever_the_threads(elic):
    rgb, hashes = photo(64, 96), set()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        try:
            data = load(elic).encode(rgb)
            hashes.add(hashlib.sha256(data + load(elic).decode(data).tobytes()).hexdigest())
        finally:
            torch.set_num_threads(1)
    assert len(hashes) == 1


def test_a_network_that_fails_costs_its_own_cells(folder, tmp_path, monkeypatch):
    """An exception at every image, weights that don't fit: rows with reasons; an image that codes beside them."""
    monkeypatch.chdir(tmp_path)
    rows = []
    for name, width in (("a", 16), ("b", 20)):
        path = Path("images", f"{name}.png")
        png.write(path, photo(12, width))
        rows.append({"image": name, "file": path.name, "width": width, "height": 12, "sha256": readers.sha256(path)})
    atomic_io.write_rows("images/images.csv", rows[0], rows)
    saved = own_networks.save(own_networks.net("paper.nets:Plain", folder), tmp_path / "c.pth")

    def run(**settings: object) -> list[dict]:
        one = load(own_networks.settings(folder, "Plain", saved, **settings))
        encode_decode.encode_set(one, Path("images/images.csv"), Path("encoded/encoded.csv"))
        encode_decode.decode_set(one, Path("encoded/encoded.csv"), Path("decoded/decoded.csv"))
        return readers.read_rows("decoded/decoded.csv")

    assert [row["status"] for row in run()] == ["ok", "ok"]
    failed = run(**{"class": "paper.nets:Raising"})
    assert [row["status"] for row in failed] == ["failed", "failed"]
    assert failed[0]["reason"].startswith("compress of Raising ended with IndexError: list index out of range (nets.py")
    narrow = run(arguments={"channels": 5})
    assert all("Plain with these arguments has" in row["reason"] for row in narrow)
    assert [row["status"] for row in run(**{"class": "paper.nets:Smaller"})] == ["failed", "failed"]


@pytest.mark.slow
def test_an_edit_of_the_code_and_another_checkpoint_are_other_parameters(folder, tmp_path):
    saved = own_networks.save(own_networks.net("paper.nets:Plain", folder), tmp_path / "c.pth")
    entry = {"backend": "compressai", "label": "mine", "family": "mine", "parameter": "none", "qualities": [1]}
    entry["settings"] = own_networks.settings(folder, "Plain", saved)
    study = {"study": "own", "images": ["kodak"], "codecs": {"mine": "all"}, "define": {"codecs": {"mine": entry}}}

    def code() -> str:
        for cached in (code_hash.content, code_hash.contents, own_network._code_in):
            cached.cache_clear()
        return cells.Plan(config.checked(study)).code("encode.py", "mine", "1")

    seen = [code()]
    assert code() == seen[0]
    parts = folder / "paper" / "parts.py"
    before = parts.read_text()
    parts.write_text(before + "\nEDITED = True\n")
    seen.append(code())
    parts.write_text(before)
    assert code() == seen[0]
    with torch.no_grad():
        own_networks.save(own_networks.net("paper.nets:Plain", folder, channels=4), saved)
    seen.append(code())
    assert len(set(seen)) == 3
    with pytest.raises(StudyError, match=r"codecs.mine: codec mine: the class .* say `trust: true`"):
        entry["settings"]["trust"] = False
        config.checked(study)
    entry["settings"] |= {"trust": True, "checkpoint": str(tmp_path / "none.pth")}
    missing = r"codecs.mine: codec mine: at quality 1 its weights are the file .*none.pth, which isn't there; correct"
    with pytest.raises(StudyError, match=missing):
        config.checked(study)
    study["latents"] = {
        "one": {"images": ["kodak"], "codecs": {"mine": [1]}, "edits": {"half": {"op": {"scale": 0.5}}}}
    }
    with pytest.raises(StudyError, match=rf"latents.one.codecs.{missing.removeprefix('codecs.')}"):
        config.checked(study)


@pytest.mark.slow
def test_what_it_costs(elic, own):
    row = complexity.row(load(elic))
    assert row["parameters"] > 1000 and row["encode_kmac_per_pixel"] > row["decode_kmac_per_pixel"] / 4 > 0
    assert row["model"] == own_networks.ELIC["class"] and "reason" not in row
    assert "has no compress()" in complexity.row(own("NoCompress"))["reason"]
