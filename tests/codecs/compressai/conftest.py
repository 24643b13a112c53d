"""CompressAI is loaded as jobs load it, before any of these tests imports a part of it, which would bring the whole."""

import torch  # noqa: F401 (the whole of it, which other tests need)

from study.codecs.compressai import startup

startup.load()
