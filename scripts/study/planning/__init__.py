"""What a study consists of: its checked config, its cells, and what each job is given.

It imports every other package. Start with `config` (the check), then `cells` (the plan).
"""
