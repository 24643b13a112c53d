"""The figures of a study: each module draws one kind as a matplotlib `Figure`; `canvas` is what they share."""
