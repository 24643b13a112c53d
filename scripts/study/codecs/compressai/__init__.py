"""Learned codecs of CompressAI.

Start with `codec`, the backend. `architectures` builds networks, `zoo` knows the published weights, `bitstream` is the
file format, `rans` the entropy coder, `fused_layers` the transforms, `startup` the lighter imports, `complexity` the
counts.
"""
