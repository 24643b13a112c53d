# The `python` that jobs of a run on this machine find (study.planning.preloaded): REAL, SCRIPTS and FOLDER stand above.
# It starts without the library's packages, in some milliseconds, and imports no more than it needs.

import marshal
import os
import signal
import struct
import sys

ALONE = ("train", "time_codec", "pack_photos")  # what is timed, or takes long anyway, has a process of its own
NETWORKS = ("study.metrics.lpips:", "study.metrics.dists:")  # what scores with PyTorch, in the option --metrics
FIGURES = ("aggregate", "bd_rate", "claims", "codec_table", "exports", "head_to_head", "page")


def kind(arguments):
    """The kind of process that a job of the scripts is forked from; None for anything else, which Python runs."""
    if not arguments or os.environ.get("OMP_NUM_THREADS") != "1":
        return None
    folder, name = os.path.split(os.path.realpath(arguments[0]))
    script, ending = os.path.splitext(name)
    if folder != SCRIPTS or ending != ".py" or script in ALONE:
        return None
    if script.startswith("plot_") or script in FIGURES:
        return "figures"
    if script in ("score", "latent_score"):
        return "torch" if any(name in word for name in NETWORKS for word in arguments) else "score"
    return "torch" if "--weights" in arguments else "light"


def asked(path, arguments):
    """The exit status of a job, negative for a signal; None where no process takes it."""
    import _socket

    umask = os.umask(0)
    os.umask(umask)
    question = {
        "process": os.getpid(),
        "arguments": arguments,
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "umask": umask,
    }
    data = marshal.dumps(question)
    files = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("=3i", 0, 1, 2))]
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(path)
        rest = struct.pack("=i", len(data)) + data
        rest = rest[connection.sendmsg([rest], files) :]
        while rest:
            rest = rest[connection.send(rest) :]
    except OSError:
        return None
    answer = b""
    while len(answer) < 4:
        try:
            part = connection.recv(4 - len(answer))
        except OSError:
            part = b""
        if not part:
            sys.stderr.write("error: the process that runs the jobs of this study has died; run the study again\n")
            return 1
        answer += part
    return struct.unpack("=i", answer)[0]


def main():
    """Ask the server that has the imports done; run the command itself where none answers."""
    arguments = sys.argv[1:]
    wanted = kind(arguments)
    status = asked(os.path.join(FOLDER, wanted), arguments) if wanted else None
    if status is None:
        os.execv(REAL, [REAL, *arguments])
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.stdout.flush()
    os._exit(status)


main()
