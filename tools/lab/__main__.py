"""Serve the latent laboratory on 127.0.0.1 and print its address; Ctrl-C ends it.

The address holds a token, without which nothing is answered. Images are those of sets of the catalogue, and any that is
dropped on the page; codecs are those whose weights come with the repository.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "scripts")]

from study.core.errors import StudyError, guarded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--images",
        nargs="+",
        default=["photos-8"],
        metavar="SET",
        help="image sets of the catalogue (default: photos-8)",
    )
    parser.add_argument("--mirror", metavar="FOLDER", help="folder tried before a download (default: $STUDY_MIRROR)")
    parser.add_argument("--port", type=int, default=0, help="port of 127.0.0.1 (default: a free one)")
    arguments = parser.parse_args()
    try:
        import uvicorn

        from lab import app, worker
    except ImportError as error:
        raise StudyError(f"the package {error.name} isn't there; `make lab` installs it and starts this") from None
    with tempfile.TemporaryDirectory() as folder, listening(arguments.port) as listener:
        port, token = listener.getsockname()[1], secrets.token_urlsafe(24)
        work = worker.Worker(arguments.images, Path(folder), arguments.mirror)
        try:
            work.call("start")
            print(f"The latent laboratory: http://127.0.0.1:{port}/{token}/\nCtrl-C ends it.", flush=True)
            served = uvicorn.Config(app.application(work, token, port), log_level="warning", access_log=False)
            uvicorn.Server(served).run(sockets=[listener])
        finally:
            work.close()


def listening(port: int) -> socket.socket:
    """A socket that listens on a port of 127.0.0.1, a free one for 0. Raises StudyError for one that is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        why = getattr(error, "strerror", None) or error
        raise StudyError(f"--port: can't listen on 127.0.0.1:{port}: {why}; allowed: a free port, or 0") from None
    return listener


if __name__ == "__main__":
    try:
        guarded(main)
    except KeyboardInterrupt:
        sys.exit(130)
