"""Metrics: a registry of definitions, and their computation.

It imports `core` only. Start with `registry`, whose entries name the functions of the other modules; `engine` calls
them, `reference` holds the libraries that define the metrics.
"""
