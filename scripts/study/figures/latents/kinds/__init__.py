"""One module for each figure of an experiment on latents.

Each has `TITLE`, what it shows in a few words, and `drawn`, which takes a job's records, the figure's name and its
whole title, and returns the figure with its caption; or raises `NotDrawn`.
"""
