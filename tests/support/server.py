"""A web server on loopback that misbehaves as a test plans it.

    with Server() as server:
        server.files["/a.png"] = data
        server.plan["/a.png"] = [Answer(status=503), Answer(end="reset", after=1000)]
        fetch(server.url("/a.png"), ...)
        assert server.ranges("/a.png") == [None, None, "bytes=1000-"]

Each request takes the next planned answer of its path; when none is left, the server answers properly, Range
included.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """One answer. The default is a proper one; every field that is set makes it differ."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None  # another file
    ranges: bool = True  # False: Range is ignored and the whole file sent
    shift: int = 0  # a Range is answered from so many bytes further on
    claim: int = 0  # Content-Length is so many bytes more than what is sent
    after: int | None = None  # `end` comes after so many bytes of the body
    end: str = "close"  # close, reset or stall (until the server stops)
    chunked: bool = False  # without Content-Length
    etag: str | None = None
    held: threading.Event | None = None  # the body is not sent before this is set


class Server:
    """The server, started by `with`; `files` and `plan` may be changed while it runs."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.plan: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.stopped = threading.Event()
        self.lock = threading.Lock()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._http.server_port}{path}"

    def ranges(self, path: str) -> list[str | None]:
        """The Range header of every request of a path so far."""
        return [given for requested, given in self.requests if requested == path]

    def next_answer(self, path: str, given: str | None) -> Answer:
        with self.lock:
            self.requests.append((path, given))
            planned = self.plan.get(path)
            return planned.pop(0) if planned else Answer()

    def __enter__(self) -> Server:
        handler = type("Handler", (_Handler,), {"site": self})
        self._http = _Quiet(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Server

    def do_GET(self) -> None:
        given = self.headers.get("Range")
        answer = self.site.next_answer(self.path, given)
        content = answer.body if answer.body is not None else self.site.files.get(self.path)
        if content is None or (answer.status or 200) >= 300:
            self._send(answer.status or 404, answer, b"")
            return
        start = re.fullmatch(r"bytes=(\d+)-", given or "")
        changed = answer.etag and self.headers.get("If-Range", answer.etag) != answer.etag
        if not start or not answer.ranges or changed:
            self._send(200, answer, content)
            return
        begin = int(start[1]) + answer.shift
        if begin >= len(content):
            self._send(416, answer, b"", f"bytes */{len(content)}")
        else:
            self._send(206, answer, content[begin:], f"bytes {begin}-{len(content) - 1}/{len(content)}")

    def _send(self, status: int, answer: Answer, body: bytes, content_range: str | None = None) -> None:
        self.send_response(status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if content_range:
            self.send_header("Content-Range", content_range)
        if answer.etag:
            self.send_header("ETag", answer.etag)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body) + answer.claim))
        self.end_headers()
        if answer.held is not None:
            answer.held.wait()
        sent = body if answer.after is None else body[: answer.after]
        if answer.chunked:
            whole = b"0\r\n\r\n" if answer.after is None else b""
            sent = b"%x\r\n" % len(sent) + sent + b"\r\n" + whole
        self.wfile.write(sent)
        self.wfile.flush()
        if answer.after is None and not answer.claim:
            return
        if answer.end == "stall":
            self.site.stopped.wait()
        if answer.end == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                self.connection.close()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
