"""The latent laboratory: edit the latent of an image in a browser, and see at once what is coded and decoded.

`laboratory` does the work on images and latents, `worker` keeps it in a process of its own, `app` serves the page and
answers it, `python tools/lab` starts all of it. May import all of the library; nothing imports it.
"""
