"""The opinion test of a study: a static page on which observers compare decoded images, without a server.

It imports `page.script`, `analysis` and what is below. Start with `build`; `analysis.opinions` evaluates the answers.
"""
