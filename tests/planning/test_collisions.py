"""Two things that would share a path are refused, and parts of image sets never share one with a set."""

from __future__ import annotations

import pytest

from study.core.errors import StudyError
from study.images import sets
from study.planning import collisions, config

STUDY = {"study": "mine", "images": ["photos"], "codecs": {"jpeg": [50]}}


def test_names_that_share_a_folder_are_told() -> None:
    assert list(collisions.problems({"jpeg": [5, 10], "webp": ["a", "b"]}, ["photos", "kodak"])) == []
    messages = list(collisions.problems({"jpeg": [5, "5"], "JPEG": [1], "webp": ["a", "A"]}, ["mine", "Mine"]))
    assert [line.partition(":")[0] for line in messages] == ["codecs", "images", "codecs.jpeg", "codecs.webp"]
    assert "'jpeg' and 'JPEG' would share a folder" in messages[0]
    assert "the qualities 5 and '5' would share a folder" in messages[2]


def test_no_id_is_the_name_of_a_part() -> None:
    own = {"description": "x", "licence": "y", "of": "photos", "only": ["coffee"]}
    with pytest.raises(StudyError, match="mine@1"):
        config.checked(STUDY | {"define": {"images": {"mine@1": own}}})


def test_parts_and_sets_of_like_names_stay_apart() -> None:
    from study.planning import cells

    about = {"description": "x", "licence": "y", "of": "photos"}
    define = {"images": {"mine": about | {"only": ["coffee", "chelsea"]}, "mine.1": about | {"only": ["rocket"]}}}
    plan = cells.Plan(config.checked(STUDY | {"images": ["mine", "mine.1"], "part_size": 1, "define": define}))
    parts = plan.part_names()
    assert sorted(parts) == ["mine.1", "mine@1", "mine@2"]
    assert [sets.names(plan.all_parts[part]) for part in sorted(parts)] == [
        ["rocket"],
        ["coffee"],
        ["chelsea"],
    ]


@pytest.mark.parametrize("folder", ["my{x}", "a}b", "a\0b"])
def test_a_folder_that_snakemake_would_misread_is_refused(folder: str) -> None:
    own = {"mine": {"description": "x", "licence": "y", "folder": folder}}
    with pytest.raises(StudyError, match="can't stand in its path"):
        config.checked(STUDY | {"images": ["mine"], "define": {"images": own}})


def test_a_study_s_name_fits_a_file_system() -> None:
    with pytest.raises(StudyError, match=r"study: found 'x+…; allowed: at most 100 characters"):
        config.checked(STUDY | {"study": "x" * 300})
