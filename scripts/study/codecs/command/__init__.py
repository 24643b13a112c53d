"""Codecs that are command lines: any encoder and decoder that read and write files.

Start with `codec`, the backend. `pixels` writes and reads the formats that programs take.
"""
