"""Figures of latent experiments, one kind each.

`drawing` reads a job's records and draws all that its experiment asks for.
"""
