"""The work of one job of a latent experiment.

In the order in which they run: `extract`, `edit`, `score`; `impulse_response` is a figure's data, `interactive` one
edit without the workflow.
"""
