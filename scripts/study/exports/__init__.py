"""A study's tables in the forms of other tools: CompressAI's plot, codec-compare, LaTeX, BibTeX.

It imports `figures`, `analysis` and what is below; one module per form.
"""
