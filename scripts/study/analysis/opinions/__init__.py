"""Answers of an opinion test, checked against the study, and the scale and tables that come of them.

It imports what `analysis` may. Start with `tables`; `bradley_terry` has the model.
"""
