"""The laboratory's server: Starlette on 127.0.0.1, for the browser that has the address with the token alone."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lab.laboratory import LARGEST_UPLOAD
from lab.worker import Worker
from study.core.errors import StudyError

STATIC = Path(__file__).parent / "static"
FILES = {"": "index.html"} | {path.name: path.name for path in STATIC.iterdir() if path.suffix in (".js", ".css")}
LARGEST_QUESTION = 2**20  # bytes of JSON
ASKED = {
    "latent": ("codec", "quality", "image_set", "image"),
    "edit": ("codec", "quality", "image_set", "image", "steps", "policy"),
    "study": ("codec", "quality", "image_set", "image", "steps", "policy"),
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def application(worker: Worker, token: str, port: int) -> ASGIApp:
    """The server's application: everything lies under `/<token>/`, and is answered to pages of its own alone."""

    async def start(request: Request) -> Response:
        return await _answered(worker, "start", {})

    async def image(request: Request) -> Response:
        wanted = {"image_set": request.path_params["image_set"], "image": request.path_params["image"]}
        try:
            data = await run_in_threadpool(worker.call, "image", wanted)
        except StudyError as error:
            return PlainTextResponse(str(error), 404)
        return Response(data, media_type="image/png")

    async def drop(request: Request) -> Response:
        data = await _body(request, LARGEST_UPLOAD)
        if data is None:
            most = LARGEST_UPLOAD // 2**20
            return _refusal(f"the file is larger than {most} MiB, which is the most that the laboratory takes", 413)
        return await _answered(worker, "drop", {"data": data})

    def ask(method: str) -> Callable[[Request], Awaitable[Response]]:
        async def asked(request: Request) -> Response:
            data = await _body(request, LARGEST_QUESTION)
            try:
                question = json.loads(data or b"")
            except ValueError:
                return _refusal("the question is no JSON object")
            problem = _problem(question, ASKED[method])
            return _refusal(problem) if problem else await _answered(worker, method, question)

        return asked

    def file(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def given(request: Request) -> Response:
            return FileResponse(STATIC / name)

        return given

    base = f"/{token}"
    routes = [Route(f"{base}/{path}", file(name)) for path, name in FILES.items()]
    routes += [Route(f"{base}/api/start", start), Route(f"{base}/api/image/{{image_set}}/{{image}}", image)]
    routes += [Route(f"{base}/api/drop", drop, methods=["POST"])]
    routes += [Route(f"{base}/api/{method}", ask(method), methods=["POST"]) for method in ASKED]
    return Guard(Starlette(routes=routes), token, port)


class Guard:
    """Lets through what a page of this server asks, by Host, Origin and token; anything else is 403 or 404.

    Host keeps out a name of another site that points to 127.0.0.1; Origin (and Sec-Fetch-Site, where a browser sends
    it) keeps out other sites' pages.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        problem = self._problem(Request(scope))
        app = PlainTextResponse(problem[1], problem[0]) if problem else self._app

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name in HEADERS}
                kept = [(name, value) for name, value in message["headers"] if name.decode() not in own]
                message["headers"] = kept + [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            await send(message)

        await app(scope, receive, with_headers)

    def _problem(self, request: Request) -> tuple[int, str] | None:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if host not in self._hosts:
            return 403, "This server answers to 127.0.0.1 alone."
        if origin is not None and origin != f"http://{host}":
            return 403, "This server answers to its own page alone."
        if origin is None and request.method not in ("GET", "HEAD"):
            return 403, "A question needs the header Origin of the laboratory's page."
        if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return 403, "This server answers to its own page alone."
        first = request.url.path.split("/")[1]
        if not secrets.compare_digest(first.encode(), self._token.encode()):
            return 404, "Not found. Open the address that the laboratory printed, with its token."
        return None


async def _answered(worker: Worker, method: str, arguments: dict[str, Any]) -> Response:
    try:
        return JSONResponse(await run_in_threadpool(worker.call, method, arguments))
    except StudyError as error:
        return _refusal(str(error))


def _refusal(sentence: str, status: int = 422) -> Response:
    return JSONResponse({"error": sentence}, status)


async def _body(request: Request, most: int) -> bytes | None:
    """The body of a question; None for one with more than `most` bytes, of which no more is read."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                return None
            parts.append(part)
    except ClientDisconnect:
        return None
    return b"".join(parts)


def _problem(question: object, names: tuple[str, ...]) -> str:
    """What is wrong with a question; empty if it has just these names, each a text, and `steps` a list."""
    if not isinstance(question, dict) or set(question) != set(names):
        return f"the question must be a JSON object with {', '.join(names)}"
    for name in names:
        if not isinstance(question[name], list if name == "steps" else str):
            return f"{name} must be a {'list' if name == 'steps' else 'text'}"
    return ""
