"""Figures of latent experiments, one kind each.

`drawing` draws all that an experiment asks for: a module of `kinds` makes plain data of the job's `records`, and the
modules beside it draw that.
"""
