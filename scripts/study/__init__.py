"""A library for studies of image codecs: codecs, metrics, tables and figures."""
