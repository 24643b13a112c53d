"""Metrics: a registry of definitions, and their computation.

It imports `core` only. Start with `registry`; `fast` is ours, `reference` the libraries that define the metrics.
"""
