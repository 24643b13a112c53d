"""The latent laboratory: its edits are a study's, its server answers its own page alone, its process may die."""

from __future__ import annotations

import base64
import csv
import http.client
import io
import json
import re
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import uvicorn
import yaml
from PIL import Image

from browser import Browser, missing
from lab import app, laboratory
from lab.__main__ import listening
from lab.worker import Worker
from lab_faults import Faulty
from study.codecs import registry
from study.core.errors import StudyError
from study.images import png
from study.jobs.latents import interactive
from study.latents import edits, operations
from study.planning import entries
from tiny_study import ROOT, make_study

AXE = ROOT / "node_modules/axe-core/axe.min.js"
CODEC, QUALITY, SET = "tiny-mbt2018-mean-mse", "2", "photos-8"
CELL = {"codec": CODEC, "quality": QUALITY, "image_set": SET, "image": "ihc"}
BOX = {"rows": {"from": 2, "to": 6}, "columns": {"from": 0, "to": 8}}
VALUES = {
    "number": 0.5,
    "positive": 0.5,
    "whole": 1,
    "index": 1,
    "count": 2,
    "flag": True,
    "set": SET,
    "image": "camera",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> laboratory.Laboratory:
    return laboratory.Laboratory([SET], tmp_path_factory.mktemp("lab"))


def ask(lab: laboratory.Laboratory, method: str, **changed: object) -> dict:
    steps = {} if method == "latent" else {"steps": [], "policy": "keep"}
    return getattr(lab, method)(**{**CELL, **steps, **changed})


def test_what_may_be_chosen(lab: laboratory.Laboratory) -> None:
    choices = lab.start()
    assert {"set": SET, "image": "ihc", "width": 256, "height": 256} in choices["images"]
    assert CODEC in choices["codecs"] and not any(name.startswith("tfci") for name in choices["codecs"])
    assert [operation["name"] for operation in choices["operations"]] == list(operations.REGISTRY)


@pytest.mark.parametrize("site", edits.SITES)
def test_channels_are_ordered_by_bits(lab: laboratory.Laboratory, site: str) -> None:
    statistics = ask(lab, "latent")["sites"][site]
    bits = np.array(statistics["bits"])
    assert sorted(statistics["order"]) == list(range(statistics["channels"]))
    assert (np.diff(bits[statistics["order"]]) <= 0.11).all()  # they are rounded
    tiles = np.array(Image.open(io.BytesIO(base64.b64decode(statistics["tiles"]))))
    lines = -(-statistics["channels"] // statistics["tile_columns"])
    assert tiles.shape == (lines * statistics["rows"], statistics["tile_columns"] * statistics["columns"], 3)


def test_tiles_show_the_sign_of_each_element() -> None:
    values = np.zeros((2, 1, 3), np.float32)
    values[1] = [[-4, 0, 4]]
    (row,) = laboratory.tiles(values)
    assert (row[:3] == 247).all() and row[3].tolist() == [33, 102, 172] and row[5].tolist() == [178, 24, 43]


@pytest.mark.parametrize("name", operations.REGISTRY)
def test_every_operation_can_be_done_from_the_form(lab: laboratory.Laboratory, name: str) -> None:
    (operation,) = [entry for entry in lab.start()["operations"] if entry["name"] == name]
    parameters = {}
    for own in operation["parameters"]:
        choice = own["words"].split(", ")[0]
        parameters[own["name"]] = VALUES.get(own["kind"], int(choice) if choice.isdigit() else choice)
    op = {name: parameters} if parameters else name
    answer = ask(lab, "edit", steps=[{"op": op, "site": "y"}], policy="recompute")
    assert answer["values"]["bpp"] > 0 and answer["width"] == 256
    decoded = np.array(Image.open(io.BytesIO(base64.b64decode(answer["image"]))))
    assert decoded.shape == (256, 256, 3)


@pytest.mark.parametrize("policy", edits.POLICIES)
def test_an_edit_is_byte_for_byte_that_of_a_study(lab: laboratory.Laboratory, policy: str, tmp_path: Path) -> None:
    steps = [{"select": {**BOX, "channels": [0, 3]}, "op": {"scale": {"factor": 3}}}, {"op": {"round": 2}, "site": "y"}]
    answer = ask(lab, "edit", steps=steps, policy=policy)
    named = edits.all_parsed(yaml.safe_load(ask(lab, "study", steps=steps, policy=policy)["edit"]))
    entry = entries.codecs()[CODEC]
    codec = registry.load(CODEC, 2, entry, ROOT / "models" / CODEC / f"{QUALITY}.safetensors")
    rgb = png.normalise(lab.image(SET, "ihc")).rgb
    rows = interactive.edit(codec, rgb, named, tmp_path, [policy])
    assert rows[-1]["sha256"] == answer["sha256"] != rows[0]["sha256"]
    assert answer["values"]["psnr_rgb"] == rows[-1]["psnr_rgb"]
    assert answer["values"]["bpp_y"] + answer["values"]["bpp_z"] < answer["values"]["bpp"]


@pytest.mark.study
def test_the_copied_study_makes_the_same_bitstream(lab: laboratory.Laboratory, tmp_path: Path) -> None:
    steps = [{"select": BOX, "op": {"interpolate": {"image": "camera", "t": 0.5}}}]
    answer = ask(lab, "edit", steps=steps)
    study = make_study(tmp_path / "copy")
    shutil.copytree(ROOT / "models" / CODEC, study.folder / "models" / CODEC)
    shutil.copy(ROOT / "models" / "recipes.yaml", study.folder / "models")
    study.config = yaml.safe_load(ask(lab, "study", steps=steps)["study"])
    noise = [{"select": {"channels": [0, 3]}, "op": {"noise": {"std": 1}}}, {"op": {"scale": {"factor": 2}}}]
    noisy, text = ask(lab, "edit", steps=noise), ask(lab, "study", steps=noise)["edit"]
    study.config["latents"]["lab"]["edits"] |= {"noisy": yaml.safe_load(text)["edit"]}
    done = study.run("--until", "latent_edit")
    assert done.status == 0, done.output
    (record,) = (study.folder / "results").rglob("encoded.csv")
    rows = {row["edit"]: row for row in csv.DictReader(record.open())}
    assert rows["edit"]["sha256"] == answer["sha256"] != noisy["sha256"]
    assert rows["noisy"]["sha256"] == noisy["sha256"]


def test_an_image_of_ones_own(lab: laboratory.Laboratory) -> None:
    data = png.png(np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8))
    dropped = lab.drop(data)
    assert dropped == {"set": "dropped", "image": dropped["image"], "width": 90, "height": 70}
    own = {"image_set": "dropped", "image": dropped["image"]}
    assert ask(lab, "edit", **own)["values"]["bpp"] > 0
    assert "FOLDER-OF-YOUR-IMAGE" in ask(lab, "study", **own)["study"]
    for _ in range(laboratory.KEPT_DROPPED):
        lab.drop(data)
    with pytest.raises(StudyError, match="dropped has no image"):
        ask(lab, "latent", **own)


BAD = [
    ({"codec": "jpeg"}, "codec 'jpeg' has no weights here; allowed"),
    ({"quality": "99"}, "quality '99' is unknown; allowed"),
    ({"image_set": "kodak"}, "image set 'kodak' isn't here; allowed"),
    ({"image": "../ihc"}, "has no image '../ihc'"),
    ({"policy": "guess"}, "side information: found 'guess'"),
    ({"steps": ["zero"]}, "step 1: found 'zero'"),
    ({"steps": [{"op": "explode"}]}, "'explode' is unknown"),
    ({"steps": [{"op": {"scale": "much"}}]}, "op.scale.factor: found 'much'"),
    ({"steps": [{"op": {"scale": [1, 2]}}]}, "is a sweep"),
    ({"steps": [{"op": "zero", "select": {"channels": [999]}}]}, "index 999 is outside"),
    ({"steps": [{"op": "zero", "select": {"mask": {"png": "/etc/passwd"}}}]}, "reads no file of a path"),
    ({"steps": [{"op": "zero", "site": "z"}], "codec": "tiny-bmshj2018-factorized-mse"}, "no hyperprior"),
]


@pytest.mark.parametrize(("changed", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_what_an_edit_cannot_be(lab: laboratory.Laboratory, changed: dict, sentence: str) -> None:
    with pytest.raises(StudyError, match=re.escape(sentence)):
        ask(lab, "edit", **changed)


def test_an_edit_without_bitstream_has_a_reason(lab: laboratory.Laboratory) -> None:
    assert "can't be coded" in ask(lab, "edit", steps=[{"op": {"fill": 1e30}}], policy="keep")["reason"]


@dataclass
class Served:
    """A server of the laboratory, and questions to it."""

    port: int
    token: str

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        own = {"Origin": f"http://127.0.0.1:{self.port}"} if method == "POST" else {}
        given = {**own, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, path, body, {name: value for name, value in given.items() if value})
        reply = connection.getresponse()
        return reply.status, reply.read()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    worker = Worker([SET], tmp_path_factory.mktemp("served"))
    listener = listening(0)
    served = Served(listener.getsockname()[1], secrets.token_urlsafe(24))
    application = app.application(worker, served.token, served.port)
    running = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield served
    running.should_exit = True
    thread.join(20)
    worker.close()


@pytest.mark.slow
def test_only_its_own_page_is_answered(server: Served) -> None:
    start = f"/{server.token}/api/start"
    assert server.ask("GET", start)[0] == 200
    assert server.ask("GET", start, Host=f"localhost:{server.port}")[0] == 200
    for headers in (
        {"Host": "evil.example"},
        {"Host": f"evil.example:{server.port}"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ):
        assert server.ask("GET", start, **headers)[0] == 403
    question = json.dumps(CELL).encode()
    assert server.ask("POST", f"/{server.token}/api/latent", question, Origin="")[0] == 403
    for path in ("/", "/api/start", "/wrong/api/start", f"/{server.token[:-1]}/api/start", "//", "/%00"):
        assert server.ask("GET", path)[0] == 404
    for path in ("../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "api/image/photos-8/..%2f..%2fetc"):
        assert server.ask("GET", f"/{server.token}/{path}")[0] == 404


def test_its_files_have_a_strict_policy(server: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    connection.request("GET", f"/{server.token}/")
    reply = connection.getresponse()
    assert reply.status == 200 and b"lab.js" in reply.read()
    assert "default-src 'self'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Cache-Control"] == "no-store"


QUESTIONS = [
    ("latent", b"{", 422, "no JSON object"),
    ("latent", b"[]", 422, "must be a JSON object with codec"),
    ("latent", json.dumps({**CELL, "more": "x"}).encode(), 422, "must be a JSON object with"),
    ("latent", json.dumps({**CELL, "image": 3}).encode(), 422, "image must be a text"),
    ("edit", json.dumps({**CELL, "steps": "x", "policy": "keep"}).encode(), 422, "steps must be a list"),
    ("edit", b" " * (app.LARGEST_QUESTION + 1), 422, "no JSON object"),
    ("drop", b"GIF89a", 422, "none of PNG, JPEG"),
    ("drop", bytes(laboratory.LARGEST_UPLOAD + 1), 413, "larger than 20 MiB"),
    ("drop", png.png(np.zeros((2001, 2000, 3), np.uint8)), 422, "2000x2001; allowed: at most 4 megapixels"),
]


@pytest.mark.parametrize(("method", "body", "status", "sentence"), QUESTIONS, ids=[q[3] for q in QUESTIONS])
def test_a_bad_question_is_answered_with_a_sentence(
    server: Served, method: str, body: bytes, status: int, sentence: str
) -> None:
    try:
        code, answer = server.ask("POST", f"/{server.token}/api/{method}", body)
    except (BrokenPipeError, ConnectionResetError):  # the server didn't wait for the whole of it
        assert len(body) > laboratory.LARGEST_UPLOAD
        return
    assert code == status and sentence in json.loads(answer)["error"]


@pytest.mark.slow
def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    worker = Worker([], tmp_path, make=Faulty)
    try:
        assert worker.call("drop", {"data": b"a"}) == 1
        with pytest.raises(StudyError, match=r"^not this$"):
            worker.call("refuse")
        with pytest.raises(StudyError, match=r"by signal 11 \(SIGSEGV\); it is started again"):
            worker.call("crash")
        assert worker.call("given") == [b"a"]
    finally:
        worker.close()


@pytest.mark.slow
def test_a_process_that_hangs_is_started_again(tmp_path: Path) -> None:
    worker = Worker([], tmp_path, seconds=0.2, make=Faulty)
    try:
        for _ in range(2):
            with pytest.raises(StudyError, match=r"more than 0\.2 s and was stopped"):
                worker.call("hang")
    finally:
        worker.close()


def test_what_the_process_refuses_at_its_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"^there is no such set$"):
        Worker(["refused"], tmp_path, make=Faulty).call("given")


def test_the_process_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    worker = Worker([], tmp_path, make=Faulty)
    try:
        thread = threading.Thread(target=worker.call, args=("drop", {"data": b"a"}))
        thread.start()
        thread.join()
        started = worker._process.pid
        assert worker.call("given") == [b"a"] and worker._process.pid == started
    finally:
        worker.close()


def test_the_port_is_taken() -> None:
    with listening(0) as listener, pytest.raises(StudyError, match="--port: can't listen on"):
        listening(listener.getsockname()[1])
    with pytest.raises(StudyError, match="--port: can't listen on"):
        listening(99999)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed; apt-get install nodejs npm")
def test_the_pages_script() -> None:
    done = subprocess.run(["node", "--test", "tests/tools/lab.test.js"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.browser
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_the_page(server: Served, tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    try:
        use(browser, f"http://127.0.0.1:{server.port}/{server.token}/", tmp_path)
        if AXE.is_file():
            check_accessibility(browser)
    finally:
        browser.close()


def use(browser: Browser, address: str, folder: Path) -> None:
    """Select, edit, undo, brush, copy and drop an image in the page, as a user does."""
    element = "document.getElementById"
    browser.driver.get(address)
    browser.wait(lambda: browser.run("return document.documentElement.dataset.ready"))

    def error() -> str:
        return browser.run(f"return {element}('error').innerText")

    def numbers() -> list[list[str]]:
        assert not error()
        rows = "[...document.querySelectorAll('#numbers tbody tr')]"
        return browser.run(f"return {rows}.map(row => [...row.cells].map(cell => cell.innerText))")

    baseline, edited, change = numbers()
    assert baseline[1:] == edited[1:] and set(change[1:]) <= {"0.0000", "0.00"}
    browser.run("document.querySelector('.tile').click()")
    browser.wait(lambda: numbers()[1] != baseline and "−" in numbers()[2][4])
    assert browser.run(f"return {element}('steps').innerText").startswith("zero: y, channel")
    worse = numbers()[1]
    browser.run(f"{element}('undo').click()")
    browser.wait(lambda: numbers()[1][1:] == baseline[1:])
    browser.run(f"{element}('redo').click()")
    browser.wait(lambda: numbers()[1] == worse)
    drag(browser)
    browser.wait(lambda: "rows" in browser.run(f"return {element}('steps').innerText"))
    browser.wait(lambda: numbers()[1] != worse)
    browser.run(f"{element}('copy-edit').click()")
    text = browser.wait(lambda: browser.run(f"return {element}('yaml').value"))
    (step,) = yaml.safe_load(text)["edit"]
    assert step["op"] == {"zero": {}} and set(step["select"]) == {"channels", "rows", "columns"}
    Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save(folder / "own.png")
    browser.driver.find_element("id", "file").send_keys(str(folder / "own.png"))
    browser.wait(lambda: "dropped/image-" in browser.run(f"const i={element}('image'); return i.options[i.value].text"))
    browser.wait(lambda: browser.run(f"return {element}('canvas').width") == 96)
    assert not error()
    for width in (390, 768, 1280, 1920):
        browser.size(width, 900)
        reach = "[document.documentElement, document.querySelector('.scroll')].map(e => e.scrollWidth - e.clientWidth)"
        assert browser.run(f"return {reach}") == [0, 0], width
    assert not [entry["message"] for entry in browser.driver.get_log("browser")]


def check_accessibility(browser: Browser) -> None:
    """Fail on what axe-core calls serious, in light and in dark."""
    browser.run(f"{AXE.read_text(encoding='utf-8')}; window.axe = axe")
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        wrong = browser.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(result => done("
            "result.violations.map(one => [one.impact, one.id, one.nodes.map(node => node.html.slice(0, 120))])))"
        )
        assert [one for one in wrong if one[0] in ("serious", "critical")] == [], scheme


def drag(browser: Browser) -> None:
    """Drag over the middle of the image."""
    from selenium.webdriver.common.action_chains import ActionChains

    canvas = browser.driver.find_element("id", "canvas")
    chain = ActionChains(browser.driver)
    chain.move_to_element_with_offset(canvas, -60, -60).click_and_hold().move_by_offset(50, 40).release().perform()
    time.sleep(0.1)
