"""The work of one job: what an encode, decode, score or latent job does with its images.

It imports `training` and what is below. Start with `encode_decode`; `latents/` has the jobs of latent experiments.
"""
