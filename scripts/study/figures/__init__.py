"""Figures: each module draws one kind as a matplotlib `Figure`.

It imports `analysis` and what is below. Start with `curves`; `canvas` and `palette` are what all share.
"""
