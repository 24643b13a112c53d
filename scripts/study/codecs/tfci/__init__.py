"""Models of TensorFlow Compression, and any other metagraph of their form.

Start with `codec`, the backend. `metagraph` loads and runs a graph, `runtime` is TensorFlow, `latent_tensors` finds the
latents in a graph, `rates` the bits of each element, `tfci_file` reads and writes the bitstream.
"""
