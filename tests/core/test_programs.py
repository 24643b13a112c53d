"""Programs that codecs run: their peak memory is that of one call, and they end with their time."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from study.core import programs
from study.core.paths import ROOT

MEBIBYTE = 2**20
LARGE = 300 * MEBIBYTE


PEAKS = f"""
import sys
from study.core import programs

def run(size):
    programs.run([sys.executable, "-c", f"block = bytearray({{size}}); block[::4096] = b'x' * len(block[::4096])"])
    return programs.peak()

programs.reset_peak()
assert programs.peak() == 0
large = run({LARGE})
same = run(0)
programs.reset_peak()
print(large, same, run(0))
"""


def test_the_peak_is_that_of_this_calls_programs_not_of_an_earlier_larger_one():
    """In a process of its own: a forked program begins with the peak of the process that started it."""
    paths = {"PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run([sys.executable, "-c", PEAKS], capture_output=True, text=True, env=os.environ | paths)
    assert done.returncode == 0, done.stderr
    large, same, later = map(int, done.stdout.split())
    assert large > LARGE and same == large, "the largest of one call"
    assert 0 < later < large - LARGE / 2


def test_input_output_folder_and_status_are_passed_on(tmp_path):
    code = "import os, sys; print(sys.stdin.read() + os.getcwd()); sys.exit(3)"
    done = programs.run([sys.executable, "-c", code], b"read ", folder=tmp_path)
    assert (done.returncode, done.stdout.decode()) == (3, f"read {tmp_path}\n")
    assert programs.run([sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"]).stdout == b"''\n"


def test_a_program_that_takes_too_long_is_gone():
    before = set(psutil.Process().children())  # what earlier tests started
    with pytest.raises(subprocess.TimeoutExpired):
        programs.run([sys.executable, "-c", "import time; time.sleep(600)"], limit_s=0.3)
    assert set(psutil.Process().children()) <= before


def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError):
        programs.run(["no-such-program"])
