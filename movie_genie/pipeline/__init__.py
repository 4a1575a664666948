"""Running dvc.yaml from a command line: stages side by side, and what state each is in.

Knows stages only by name and edge; what a stage does is none of its business.
"""
