"""The short import of CompressAI is the library's own source."""

from __future__ import annotations

import subprocess
import sys

import pytest

from study.core import paths

pytestmark = pytest.mark.slow

ROOT = paths.ROOT


def test_the_short_import_is_the_library():
    """In a fresh process each: the short way loads none of the heavy packages, and the same source."""
    code = """
import sys, inspect, hashlib; sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "plain":
    import compressai
from study.codecs.compressai import startup as library
google, waseda, layers = library.load()
text = "".join(inspect.getsource(module) for module in (google, waseda, layers))
heavy = [name for name in ("torch_geometric", "torchvision") if name in sys.modules]
print(hashlib.sha256(text.encode()).hexdigest(), *heavy)
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, str(ROOT / "scripts"), way], capture_output=True, text=True, check=True
        )
        for way in ("short", "plain")
    ]
    short, plain = (done.stdout.split() for done in runs)
    assert short == plain[:1] and plain[1:]


def test_the_long_import_takes_over_with_a_warning():
    code = """
import sys, warnings; sys.path.insert(0, sys.argv[1])
from study.codecs.compressai import startup as library
library.PACKAGES = ("compressai", "compressai.no_such_package.at_all")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    google, _, _ = library.load()
print(google.ScaleHyperprior(4, 4).N, any("in full" in str(warning.message) for warning in caught))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "scripts")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["4", "True"]


def test_the_whole_library_can_follow_the_short_import():
    code = """
import sys; sys.path.insert(0, sys.argv[1])
from study.codecs.compressai import startup
startup.load()
startup.load_whole()
from compressai.models import Cheng2020Anchor
from compressai.zoo import image_models
print(Cheng2020Anchor.__name__, "cheng2020-anchor" in image_models)
"""
    done = subprocess.run([sys.executable, "-c", code, str(ROOT / "scripts")], capture_output=True, text=True)
    assert done.stdout.split() == ["Cheng2020Anchor", "True"], done.stderr
