"""Images: reading and writing PNG, image sets, downloads.

It imports `core` only. Start with `sets` (what an image set is), then `png` (the one rule by which any source becomes
an 8-bit RGB image).
"""
