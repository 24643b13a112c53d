"""What a user sees of a command that can't go on."""

from __future__ import annotations

import subprocess
import sys

from study.core import paths


def test_output_that_nobody_reads_to_its_end_is_no_error() -> None:
    """As in `tools/metrics.py | head -1`."""
    script = paths.ROOT / "tools" / "metrics.py"
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None and command.stderr is not None
        command.stdout.close()
        assert command.stderr.read() == ""
    assert command.returncode == 1
