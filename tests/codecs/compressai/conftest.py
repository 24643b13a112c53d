"""CompressAI is loaded as jobs load it, before any of these tests imports a part of it, which would bring the whole."""

from study.codecs.compressai import startup

startup.lighten_torch()
startup.load()
