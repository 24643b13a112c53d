"""A config's problems are told before any job: the key, what was found, what is allowed."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import pytest

from study.analysis.claim_pairs import Change, Claim, ClaimOptions, Comparison
from study.core import readers, typed
from study.core.errors import StudyError
from study.figures.latents.names import FigureChoice
from study.opinions.trials import Options as Opinions
from study.planning import cells, config
from study.planning.entries import CodecEntry, ImageSetEntry, ImageSource, Targets, TargetValues
from study.planning.study import BdRate, CellLimit, Define, Experiment, Figures, Published, Study, Timing, Training
from thinned import one_of_a_kind
from tiny_study import ROOT, TINY


def broken(change) -> str:
    study = copy.deepcopy(TINY)
    study["define"]["images"]["crops"]["folder"] = str(ROOT / "tests" / "photos-of-test-config")
    study["images"] = ["photos"]
    change(study)
    with pytest.raises(StudyError) as caught:
        config.checked(study, "tiny.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.update(codec={}), ["codec: this key is unknown", "did you mean 'codecs'"]),
        (lambda s: s.pop("images"), ["'images' is missing"]),
        (
            lambda s: (s.pop("images"), s.pop("codecs")),
            ["1 problem in", "keys 'images', 'codecs' are missing; they are required"],
        ),
        (lambda s: s.update(images="photos"), ["images: found 'photos'", "allowed: a list"]),
        (lambda s: s.update(images=["fotos"]), ["image set 'fotos' is unknown", "did you mean 'photos'"]),
        (lambda s: s["codecs"].update(webb="all"), ["codecs.webb", "did you mean 'webp'"]),
        (lambda s: s["codecs"].update(webp=500), ["codecs.webp: found 500", "`all`"]),
        (lambda s: s["codecs"].update(webp=[]), ["codecs.webp: found []"]),
        (lambda s: s["codecs"].update(webp=[500]), ["codecs.webp", "500", "100"]),
        (
            lambda s: s["codecs"].update({"tiny-bmshj2018-hyperprior-mse": [5]}),
            ["at quality 5", "5.safetensors, which isn't there; it has weights for the qualities 1, 2, 3, 4"],
        ),
        (
            lambda s: s.update(metrics=["psnr_rg", "psnr_rgb", "psnr_y", "ssim_sewar", "msssim_sewar", "vifp_sewar"]),
            ["metric 'psnr_rg' is unknown", "did you mean 'psnr_rgb'"],
        ),
        (lambda s: s.update(engine="quick"), ["engine: found 'quick'", "allowed: fast, library"]),
        (lambda s: s["bd_rate"].update(anchor="webq"), ["bd_rate.anchor: 'webq'", "did you mean 'webp'"]),
        (lambda s: s["bd_rate"].update(anchor=["jpeg", "webq"]), ["bd_rate.anchor: 'webq'", "did you mean 'webp'"]),
        (lambda s: s["bd_rate"].update(anchor=[]), ["bd_rate.anchor: found []", "at least 1 item"]),
        (lambda s: s["bd_rate"].update(anchor=5), ["bd_rate.anchor: found 5", "allowed: text or a list"]),
        (lambda s: s["bd_rate"].update(metrics=["ms_ssin"]), ["bd_rate.metrics: 'ms_ssin'", "did you mean 'ms_ssim'"]),
        (lambda s: s["bd_rate"].update(resamples=1), ["bd_rate.resamples: found 1", "at least 100"]),
        (lambda s: s["bd_rate"].update(seed=0.5), ["bd_rate.seed: found 0.5", "a whole number"]),
        (lambda s: s.update(figures={"rate_axis": "logs"}), ["figures.rate_axis", "did you mean 'log'"]),
        (lambda s: s.update(figures={"panels": ["mse"]}), ["figures.panels: 'mse'", "is not among"]),
        (lambda s: s.update(study="../evil"), ["study: found '../evil'"]),
        (
            lambda s: s["define"].update(
                codecs={"jpeg": {"backend": "webp", "label": "x", "family": "x", "parameter": "x", "qualities": [1]}}
            ),
            ["'jpeg' is in the catalogue already"],
        ),
        (
            lambda s: (
                s["define"].update(
                    codecs={
                        "mine": {"backend": "nothing", "label": "x", "family": "x", "parameter": "x", "qualities": [1]}
                    }
                ),
                s["codecs"].update(mine="all"),
            ),
            ["codecs.mine", "backend 'nothing' is unknown"],
        ),
        (
            lambda s: (
                s["define"].update(
                    codecs={
                        "mine": {
                            "backend": "webp",
                            "label": "x",
                            "family": "x",
                            "parameter": "x",
                            "qualities": [1],
                            "settings": {"methid": 3},
                        }
                    }
                ),
                s["codecs"].update(mine="all"),
            ),
            ["codecs.mine", "'methid' is unknown", "did you mean 'method'"],
        ),
    ],
)
def test_problem_is_told(change, said: list[str]) -> None:
    message = broken(change)
    assert message.startswith("1 problem in tiny.yaml:\n")
    assert len(message.splitlines()) == 2
    for text in said:
        assert text in message


def test_all_problems_are_told_at_once() -> None:
    message = broken(lambda s: (s.update(engine="quick", codec={}), s["bd_rate"].update(seed=-1)))
    assert message.startswith("3 problems")


def test_defaults_are_filled_in_and_the_given_config_stays() -> None:
    study = {"study": "x", "images": ["photos"], "codecs": {"jpeg": "all"}}
    filled = config.checked(study)
    assert filled.figures.rate_axis == "linear"
    assert filled.engine == "fast"
    assert filled.bd_rate is None
    assert study == {"study": "x", "images": ["photos"], "codecs": {"jpeg": "all"}}


@pytest.mark.parametrize(
    "path", [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))], ids=lambda path: path.name
)
def test_every_study_of_the_repository_is_valid(path: Path) -> None:
    config.checked(readers.read_yaml(path), path.name)


PARTS = {
    "": Study,
    "properties.bd_rate": BdRate,
    "properties.claims": ClaimOptions,
    "properties.published": Published,
    "properties.figures": Figures,
    "properties.cell_limit": CellLimit,
    "properties.training": Training,
    "properties.timing": Timing,
    "properties.opinions": Opinions,
    "properties.define": Define,
    "$defs.experiment": Experiment,
    "$defs.experiment.properties.figures": FigureChoice,
    "$defs.codec": CodecEntry,
    "$defs.targets": Targets,
    "$defs.target_values": TargetValues,
    "$defs.image_set": ImageSetEntry,
    "$defs.claim": Claim,
    "$defs.change": Change,
    "$defs.comparison": Comparison,
}


@pytest.mark.parametrize("path", PARTS)
def test_schema_and_dataclasses_are_in_step(path: str) -> None:
    """The same fields, the same ones required, the same defaults: an object has what the schema says of its keys."""
    part = readers.read_yaml(config.SCHEMA)
    for key in path.split(".") if path else ():
        part = part[key]
    fields = {field.name: field for field in dataclasses.fields(PARTS[path])}
    assert set(fields) == set(part["properties"])
    required = {name for name, field in fields.items() if field.default is field.default_factory is dataclasses.MISSING}
    assert required == set(part.get("required", ()))
    made = typed.built(PARTS[path], dict.fromkeys(required))
    for name in set(fields) - required:
        value = getattr(made, name)
        said = part["properties"][name].get("default", {} if dataclasses.is_dataclass(value) else None)
        assert (type(value)() if said == {} and dataclasses.is_dataclass(value) else said) == value, name


def test_schema_and_dataclass_of_a_source_are_in_step() -> None:
    sources = readers.read_yaml(config.SCHEMA)["$defs"]["image_set"]["properties"]["images"]["additionalProperties"]
    part = next(form for form in sources["oneOf"] if form["type"] == "object")
    assert {field.name for field in dataclasses.fields(ImageSource)} == set(part["properties"])
    assert not typed.plain(ImageSource()) and "required" not in part


def test_every_object_of_the_schema_has_its_dataclass() -> None:
    def objects(part: dict, path: str) -> set[str]:
        paths = {path} if part.get("additionalProperties") is False else set()
        for name, inner in part.get("properties", {}).items():
            paths |= objects(inner, f"{path}.properties.{name}".lstrip("."))
        return paths

    schema = readers.read_yaml(config.SCHEMA)
    known = objects(schema, "").union(*(objects(part, f"$defs.{name}") for name, part in schema["$defs"].items()))
    parsed_elsewhere = {"$defs.step", "$defs.step.properties.select"}
    assert known - parsed_elsewhere == set(PARTS)


def test_every_key_of_the_schema_is_described() -> None:
    def undescribed(part: dict, path: str) -> list[str]:
        paths = [] if "description" in part or "$ref" in part else [path]
        for name, inner in part.get("properties", {}).items():
            paths += undescribed(inner, f"{path}.{name}")
        return paths

    schema = readers.read_yaml(config.SCHEMA)
    assert undescribed(schema, "study") == []
    for name, part in schema["$defs"].items():
        assert undescribed(part, name) == []


HARMFUL = [
    "../x",
    "a/b",
    "a b",
    "it's",
    'say"so',
    "$(touch x)",
    "`touch x`",
    "a;b",
    "a\nb",
    "-rf",
    "",
    ".hidden",
    "{x}",
    "é",
]


@pytest.mark.parametrize("name", one_of_a_kind(HARMFUL, str, slow=HARMFUL[3:]))
def test_names_that_would_mean_something_else_in_a_path_or_a_shell_are_refused(name):
    codec = {"backend": "jpeg", "label": "L", "family": "F", "parameter": "p", "qualities": [50]}
    for change in (
        {"codecs": {name: [50]}, "define": {"codecs": {name: codec}}},
        {"codecs": {"mine": [name]}, "define": {"codecs": {"mine": codec}}},
        {"codecs": {"mine": "all"}, "define": {"codecs": {"mine": codec | {"qualities": [name]}}}},
        {"images": [name], "define": {"images": {name: {"folder": "photos"}}}},
        {"images": ["mine"], "define": {"images": {"mine": {"url": "http://a/{image}", "images": {name: "0" * 64}}}}},
    ):
        with pytest.raises(StudyError, match="problem"):
            config.checked({"study": "s", "images": ["photos"], "codecs": {"jpeg": "all"}} | change)
    with pytest.raises(StudyError, match="study: "):
        config.checked({"study": name, "images": ["photos"], "codecs": {"jpeg": "all"}})


def test_tags_name_images_of_the_set_and_pass_to_parts_of_it():
    made = copy.deepcopy(TINY) | {"images": ["kodak-4"], "define": {}}
    assert cells.Plan(config.checked(made)).tags("kodak-4")["portrait"] == ["kodim04", "kodim15", "kodim17", "kodim18"]
    own = {"of": "kodak", "only": ["kodim01", "kodim02"], "tags": {"wall": ["kodim01"]}}
    made |= {"images": ["two"], "define": {"images": {"two": own}}}
    assert cells.Plan(config.checked(copy.deepcopy(made))).tags("two") == {"wall": ["kodim01"]}
    own["tags"]["wall"] = ["kodim03"]
    with pytest.raises(StudyError, match=r"images: two: tags: wall: the set has no image 'kodim03'; did you mean"):
        config.checked(made)
