"""Training of learned codecs: recipes, crops of photos, a start from principal components, the loop.

It imports `latents` and what is below. Start with `recipes`, then `loop`.
"""
