"""The opinion test's evaluation: known strengths of simulated observers are found again, and bad files are refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest

import opinion_tests
import simulate_opinions
from study.analysis.opinions import answers, bradley_terry, tables
from study.core.errors import StudyError

CODECS = ("jpeg", "webp", "avif", "vvc")
KNOWN = {"jpeg": -1.2, "webp": -0.2, "avif": 0.4, "vvc": 1.0}
ROWS = opinion_tests.rows(CODECS, [f"image{number}" for number in range(6)])
TEST = opinion_tests.trials_of(ROWS)


def simulated(folder: Path, observers: int, careless: int = 0, test: dict = TEST, seed: int = 0) -> list[Path]:
    files = []
    for number in range(observers + careless):
        name = f"observer {number:03}"
        random = np.random.default_rng([seed, number])
        sheet = simulate_opinions.sheet(test, name, KNOWN, random, number >= observers)
        files.append(folder / f"{number:03}.json")
        files[-1].write_text(json.dumps(sheet))
    return files


def hunter(wins: np.ndarray) -> np.ndarray:
    """Maximum likelihood by the MM algorithm of D. R. Hunter, Annals of Statistics 32 (2004): another way."""
    worth, both = np.ones(len(wins)), wins + wins.T
    for _ in range(3000):
        worth = wins.sum(axis=1) / (both / (worth[:, None] + worth[None, :])).sum(axis=1)
        worth /= worth.sum()
    return np.log(worth) - np.log(worth).mean()


def test_the_fit_is_the_maximum_of_the_likelihood() -> None:
    wins = np.random.default_rng(0).integers(1, 30, (7, 7)).astype(float)
    np.fill_diagonal(wins, 0)
    assert np.abs(bradley_terry.strengths(wins, prior=1e6) - hunter(wins)).max() < 1e-6


def test_two_items_have_the_log_odds_of_their_counts() -> None:
    first, second = bradley_terry.strengths(np.array([[0.0, 75], [25, 0]]), prior=1e6)
    assert first - second == pytest.approx(np.log(3), abs=1e-6)
    assert bradley_terry.preference(first, second) == pytest.approx(0.75, abs=1e-6)


def test_an_item_that_always_wins_stays_finite_and_one_without_comparison_has_none() -> None:
    wins = np.zeros((3, 3))
    wins[0, 1] = 10
    strengths = bradley_terry.strengths(wins)
    assert 1 < strengths[0] < 20 and strengths[1] == pytest.approx(-strengths[0]) and np.isnan(strengths[2])
    with pytest.raises(ValueError, match="counts"):
        bradley_terry.strengths(-wins)


@pytest.mark.slow
def test_strengths_of_simulated_observers_are_recovered(tmp_path: Path) -> None:
    sheets = answers.read_all(simulated(tmp_path, 60), ROWS)
    scale, metrics = tables.scale_and_metrics(sheets, ROWS, opinion_tests.METRICS, 200, 0)
    assert [row["codec"] for row in scale] == sorted(CODECS)
    for row in scale:
        assert row["strength"] == pytest.approx(KNOWN[row["codec"]], abs=0.2)
        assert row["lo"] < row["strength"] < row["hi"] < row["lo"] + 0.9
        assert row["lo"] < KNOWN[row["codec"]] < row["hi"]
        assert row["simulated"] == "yes" and row["observers"] == 60
    agreement = {row["metric"]: row for row in metrics}
    assert agreement["psnr_rgb"]["spearman"] == agreement["psnr_rgb"]["kendall"] == pytest.approx(1)
    assert agreement["ssim_sewar"]["spearman"] == pytest.approx(-1)
    assert agreement["psnr_rgb"]["agreement"] == pytest.approx(1 - agreement["ssim_sewar"]["agreement"])
    places = {codec: index for index, codec in enumerate(CODECS)}
    expected = np.mean([bradley_terry.preference(KNOWN[b], KNOWN[a]) for a in CODECS for b in CODECS
                        if places[b] > places[a]])  # fmt: skip
    assert agreement["psnr_rgb"]["agreement"] == pytest.approx(expected, abs=0.04)
    assert agreement["psnr_rgb"]["agreement_lo"] < expected < agreement["psnr_rgb"]["agreement_hi"]


@pytest.mark.slow
def test_the_intervals_hold_the_truth_as_often_as_they_say(tmp_path: Path) -> None:
    held = []
    for seed in range(30):
        folder = tmp_path / str(seed)
        folder.mkdir()
        sheets = answers.read_all(simulated(folder, 12, seed=seed), ROWS)
        scale, _ = tables.scale_and_metrics(sheets, ROWS, [], 100, seed)
        held += [row["lo"] <= KNOWN[row["codec"]] <= row["hi"] for row in scale]
    assert 0.88 <= np.mean(held) <= 1


def test_careless_observers_fall_into_traps_and_do_not_count(tmp_path: Path) -> None:
    test = opinion_tests.trials_of(ROWS, traps=12)
    sheets = answers.read_all(simulated(tmp_path, 4, 3, test), ROWS)
    rows = tables.observers(sheets, 0.9)
    assert [row["counted"] for row in rows] == ["yes"] * 4 + ["no"] * 3
    assert all("of 12 traps, and 90% are asked" in row["reason"] for row in rows[4:])
    assert all(row["traps_right"] == 12 and row["repeats"] == 4 for row in rows[:4])
    assert len(tables.counted(sheets, rows)) == 4
    with pytest.raises(StudyError, match="no answers are left"):
        tables.counted(sheets[4:], rows[4:])


def test_repeats_tell_who_answers_alike(tmp_path: Path) -> None:
    (file,) = simulated(tmp_path, 1)
    data = json.loads(file.read_text())
    first = {tuple(sorted((one["left"], one["right"]))): one for one in data["answers"] if one["kind"] == "trial"}
    repeats = [one for one in data["answers"] if one["kind"] == "repeat"]
    for index, one in enumerate(repeats):
        before = first[tuple(sorted((one["left"], one["right"])))]
        preferred = before[before["better"]]
        same = "left" if one["left"] == preferred else "right"
        one["better"] = same if index else "none"
    file.write_text(json.dumps(data))
    (row,) = tables.observers(answers.read_all([file], ROWS), 0)
    assert (row["repeats"], row["repeats_same"]) == (4, 3)
    assert row["agreement"] is None  # nobody else has answered


def test_undecided_answers_are_half_a_win_for_each(tmp_path: Path) -> None:
    (file,) = simulated(tmp_path, 1)
    data = json.loads(file.read_text())
    for one in data["answers"]:
        one["better"] = "none"
    file.write_text(json.dumps(data))
    sheets = answers.read_all([file], ROWS)
    scale, metrics = tables.scale_and_metrics(sheets, ROWS, ["psnr_rgb"], 100, 0)
    assert [row["strength"] for row in scale] == pytest.approx([0] * 4, abs=1e-6)
    assert metrics[0]["decided"] == 0 and metrics[0]["agreement"] is None


@pytest.mark.slow
def test_rates_have_scales_of_their_own_and_the_same_seed_the_same_tables(tmp_path: Path) -> None:
    rows = opinion_tests.rows(CODECS, ["one", "two"], (0.25, 0.75))
    test = opinion_tests.trials_of(rows, trials=24)
    sheets = answers.read_all(simulated(tmp_path, 5, test=test), rows)
    made = [tables.scale_and_metrics(sheets, rows, ["psnr_rgb"], 100, seed) for seed in (0, 0, 1)]
    assert [(row["rate"], row["codec"]) for row in made[0][0]] == [(r, c) for r in (0.25, 0.75) for c in sorted(CODECS)]
    assert made[0] == made[1] != made[2]


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def changed(data: dict, path: str, value: object) -> str:
    """The file with another value at a path such as answers.0.kind; a key `-name` is removed."""
    inner = data = copy.deepcopy(data)
    *parts, last = path.split(".")
    for part in parts:
        inner = inner[int(part) if isinstance(inner, list) else part]
    if last.startswith("-"):
        del inner[last[1:]]
    else:
        inner[int(last) if isinstance(inner, list) else last] = value
    return json.dumps(data)


ONE = f"{0:016x}"
HOSTILE = [
    ("", "no JSON"),
    ("[]", "a list, where an object belongs"),
    ("null", "it holds null"),
    (nested(100_000), "nested too deep"),
    ('{"format": 1, "format": 1}', "a key given twice"),
    ('{"format": ' + "9" * 5000 + "}", "no JSON"),
    ('{"format": NaN}', "NaN, which is no number"),
    ("x" * (answers.LARGEST_FILE + 1), "2,097,153 bytes, more than"),
    (("format", 2), "format 2, where 1 belongs"),
    (("format", True), "has 'True' as its format"),
    (("-observer", None), "lacks the key 'observer'"),
    (("observer", "=cmd()"), "the observer '=cmd()'"),
    (("observer", "a\nb"), "characters, or of some that can't be shown"),
    (("observer", "x" * 300), "more than 200 characters"),
    (("observer", ""), "the observer ''"),
    (("more", 1), "unknown key 'more'"),
    (("test", "../../etc"), "where 16 hex digits belong"),
    (("simulated", "no"), "has 'no' as its simulated"),
    (("screen.width", 1e300), "which is too large"),
    (("screen", []), "has '[]' as its screen"),
    (("answers", []), "no answers"),
    (("answers", [{}] * 2001), "more than 2000 answers"),
    (("answers.0", 7), "answer 1 is a whole number"),
    (("answers.0.kind", "joke"), "answer 1 has 'joke' as its kind; allowed: trial, repeat, trap"),
    (("answers.0.kind", ["trial"]), "as its kind, where a text belongs"),
    (("answers.0.better", "both"), "as its better"),
    (("answers.0.left", "f" * 16), "as its left"),
    (("answers.0.kind", "trap"), "is a trap, of which one side must be the original"),
    (("answers.0.seconds", -1), "took -1 seconds"),
    (("answers.0.seconds", 10**400), "which is too large"),
    ((f"stimuli.{ONE}.codec", "vvd"), "codec 'vvd' at quality '0', image 'image0', which the study doesn't have"),
    ((f"stimuli.{ONE}.bytes", 7), "has 7 bytes, and the study's bitstream 1000: another one was judged"),
    ((f"stimuli.{ONE}.bytes", 7.5), "as its bytes, where a whole number belongs"),
    ((f"stimuli.{ONE}.rate", -1), "with a rate of -1"),
    ((f"stimuli.{ONE}.rate", 0.5), "doesn't compare two codecs at one rate"),
    ((f"stimuli.{ONE}.quality", 0), "has '0' as its quality, where a text belongs"),
    (("stimuli.x", {}), "image 'x', where 16 hex digits belong"),
]


@pytest.mark.parametrize(("change", "said"), HOSTILE, ids=[said[:40] for _, said in HOSTILE])
def test_a_file_that_the_page_does_not_write_is_refused_in_one_sentence(
    tmp_path: Path, change: str | tuple, said: str
) -> None:
    data = simulate_opinions.sheet(TEST, "ada", KNOWN, np.random.default_rng(0))
    first = next(index for index, one in enumerate(data["answers"]) if ONE in (one["left"], one["right"]))
    data["answers"].insert(0, data["answers"].pop(first))
    file = tmp_path / "ada.json"
    file.write_text(json.dumps(data))
    assert len(answers.read_all([file], ROWS)[0].answers) == 44
    file.write_text(change if isinstance(change, str) else changed(data, *change))
    with pytest.raises(StudyError) as caught:
        answers.read_all([file], ROWS)
    message = str(caught.value)
    assert (
        said in message
        and message.startswith(str(file))
        and "\n" not in message
        and len(message) < 500 + len(str(file))
    )


def test_bytes_that_are_no_text_and_files_that_are_gone_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(StudyError, match="not UTF-8"):
        answers.read_all([tmp_path / "a.json"], ROWS)
    with pytest.raises(StudyError, match="can't be read"):
        answers.read_all([tmp_path / "gone.json"], ROWS)


def test_the_same_answers_twice_are_refused(tmp_path: Path) -> None:
    (file,) = simulated(tmp_path, 1)
    (tmp_path / "copy.json").write_text(file.read_text())
    with pytest.raises(StudyError, match=r"has the same answers as 000\.json"):
        answers.read_all([file, tmp_path / "copy.json"], ROWS)
