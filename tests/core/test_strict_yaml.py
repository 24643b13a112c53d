"""YAML that looks like one thing and means another is refused, with its line; so is YAML built to harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from study.core import readers, strict_yaml
from study.core.errors import StudyError

ROOT = Path(__file__).resolve().parents[2]

REFUSED = {
    "a key twice": ("a: 1\nb:\n  c: 1\n  c: 2\n", ":4: the key 'c' is given twice, first in line 3"),
    "an image called 01": ("only: [01, 02]\n", ":1: 01 would be read as the number 1; write '01' in quotes"),
    "an octal of 08": ("a: 0o8\nb: 010\n", ":2: 010 would be read as the number 8"),
    "hexadecimal": ("a: 0x1f", ":1: 0x1f would be read as the number 31"),
    "sixty to the hour": ("a:\n- 1:30", ":2: 1:30 would be read as the number 90"),
    "digits in groups": ("a: 1_000", ":1: 1_000 would be read as the number 1000"),
    "Norway": ("codecs:\n  no: all", ":2: the key no isn't text (bool)"),
    "a truth by another name": ("a: on", ":1: on would be read as true"),
    "an id that is a number": ("codecs:\n  1: all", ":2: the key 1 isn't text (int)"),
    "an id of nothing": ("codecs:\n  ~: all", ":2: the key ~ isn't text (null)"),
    "an id that is a list": ("{[a, b]: 1}", ":1: the key a list or mapping isn't text (seq)"),
    "a date": ("a: 2026-11-25", ":1: 2026-11-25 is read as a timestamp"),
    "no number": ("cell_limit: {seconds: .nan}", ":1: .nan is no number"),
    "NUL": ('folder: "a\\0b"', ":1: a text with the character NUL"),
    "code": ("a: !!python/object/apply:os.system [ls]", ":1: the tag tag:yaml.org,2002:python"),
    "binary": ("a: !!binary aGVsbG8=", ":1: aGVsbG8= is read as a binary"),
    "a set": ("a: !!set {x, y}", ":1: the tag set"),
    "an open bracket": ("a: 1\nb: [1, 2\n", ":3: not valid YAML: while parsing a flow sequence"),
    "a tab": ("a:\n\tb: 1", ":2: not valid YAML"),
    "an unknown alias": ("a: *b", ":1: not valid YAML: found undefined alias"),
    "two documents": ("a: 1\n---\nb: 2", ":2: not valid YAML"),
    "an alias of itself": ("a: &a [*a]", ": an alias holds itself"),
    "a control character": ("a: 1\nb: \x07", ":2: not valid YAML"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_its_line(case, tmp_path) -> None:
    text, message = REFUSED[case]
    file = tmp_path / "study.yaml"
    file.write_text(text)
    with pytest.raises(StudyError) as caught:
        readers.read_yaml(file)
    said = str(caught.value)
    if case == "code":
        message = ":1: the tag python/object/apply:os.system"
    assert said.startswith(f"{file}{message}") and "\n" not in said, said


def test_a_bomb_of_aliases_is_refused_without_unfolding_it(tmp_path) -> None:
    """To visit each of its 10^11 values would take hours."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    file = tmp_path / "study.yaml"
    file.write_text("\n".join(lines))
    with pytest.raises(StudyError, match=r"study\.yaml: its aliases unfold to [0-9,]{10,} values"):
        readers.read_yaml(file)


def test_deep_nesting_is_refused(tmp_path) -> None:
    file = tmp_path / "study.yaml"
    for depth in (150, 100_000):
        file.write_text("a: " + "[" * depth + "]" * depth)
        with pytest.raises(StudyError, match=r"study\.yaml:1: nested too deeply"):
            readers.read_yaml(file)


def test_a_binary_or_huge_file_is_refused(tmp_path) -> None:
    file = tmp_path / "study.yaml"
    file.write_bytes(b"a: 1\n\x89PNG\r\n")
    with pytest.raises(StudyError, match=r"study\.yaml:2: not a text file in UTF-8 \(byte 0x89\)"):
        readers.read_yaml(file)
    with file.open("wb") as out:
        out.truncate(20 * 2**30)
    with pytest.raises(StudyError, match="21,474,836,480 bytes; allowed"):
        readers.read_yaml(file)
    with pytest.raises(StudyError, match="Is a directory"):
        readers.read_yaml(tmp_path)


def test_a_study_is_no_code(tmp_path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text("__use_yte__: true\n? __import__('os').system('touch ran')\n: 1\n")
    with pytest.raises(StudyError, match="__use_yte__ would have Snakemake run the file as code"):
        readers.read_yaml(file)


def test_what_is_plain_is_taken() -> None:
    text = "a: [1, -2, 0, 0.5, 1e-3, 1.5e3, .inf, true, False, null, ~]\nb: {c: '01', d: \"no\", e: x y}\nf:\n"
    assert strict_yaml.load(text, "here") == {
        "a": [1, -2, 0, 0.5, "1e-3", "1.5e3", float("inf"), True, False, None, None],
        "b": {"c": "01", "d": "no", "e": "x y"},
        "f": None,
    }
    assert strict_yaml.load("", "here") is None
    assert strict_yaml.load("base: &b {x: 1}\nmine: {<<: *b, y: 2}", "here")["mine"] == {"x": 1, "y": 2}
    assert strict_yaml.load("{1: a, 2.5: b}", "here", numeric_keys=True) == {1: "a", 2.5: "b"}


def test_the_repository_s_own_files_are_plain() -> None:
    files = [ROOT / "config.yaml", *(ROOT / "studies").glob("*.yaml"), *(ROOT / "catalogue").glob("*.yaml")]
    assert len(files) > 8
    for file in files:
        assert readers.read_yaml(file)
