"""The latent laboratory: take a codec's latents, edit them, code them for real, decode them, measure what happened.

- `selection`: which elements of a latent an edit touches.
- `operations`: what it does to them; a new operation is one function there.
- `edits`: edits as they stand in a config: lists of steps, sweeps, policies on side information.
- `extract`, `apply`, `score`, `table`: the work of the workflow's jobs.
- `reference`: what a set of pictures gives an edit: other pictures' latents, principal components, centroids.
"""
