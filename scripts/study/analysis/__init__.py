"""From records to tables: cells, means, BD-rates, claims, published curves.

It imports `jobs` and what is below. Start with `cells`, which makes the rows of rd.csv.
"""
