"""Classical codecs, one module each.

`base` has what they share; `pillow` what those share that Pillow or a plug-in of it writes. `jpeg` is the shortest
example.
"""
