"""What the experiments of a study consist of.

Start with `experiments` (the check), then `jobs` and `figures`.
"""
