"""The figures of a study. Each module draws one kind of figure as a matplotlib `Figure`; `canvas` is what they share."""
