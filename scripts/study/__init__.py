"""A library for studies of image codecs: codecs, metrics, latent edits, tables, figures and the page.

It imports nothing of Snakemake. Packages, from the lowest: core; images and metrics; codecs; latents; training; jobs;
analysis; figures, page and exports; planning. Each imports only from those before it (CI checks that).
"""
