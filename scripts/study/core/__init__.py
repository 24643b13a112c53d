"""What every other package uses: errors, paths, files and tables, child processes.

It imports no other package of the library. Start with `errors` (what a user reads), `paths` (where results are) and
`isolation` (one bad image costs one cell).
"""
