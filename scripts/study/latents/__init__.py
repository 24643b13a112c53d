"""Latents: what is selected, what is done to it, and how edits are written in a config.

It imports `codecs` and what is below. Start with `edits`; `selection` and `operations` are its two halves, `archive`
the file format, `set_statistics` what a set of images gives an edit.
"""
