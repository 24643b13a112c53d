"""The page of a study: one static HTML file with what it needs beside it.

It imports `figures`, `exports`, `analysis` and what is below. Start with `build`.
"""
