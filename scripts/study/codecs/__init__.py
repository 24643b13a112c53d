"""Codecs: one contract, a registry, and the backends.

It imports `core`, `images` and `metrics`. Start with `base` (the contract) and `registry` (from an id to an object);
`classical`, `compressai` and `tfci` are the backends, `weights` downloads what a learned codec needs.
"""
