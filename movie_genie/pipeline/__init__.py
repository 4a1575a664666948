"""Running dvc.yaml from a command line: stages side by side, and what state each is in.

It knows the stages' names, commands and edges from dvc.yaml, and nothing of what they compute.
"""
