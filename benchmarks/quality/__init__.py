"""How good every system is, on which data, over how many seeds: the real pipeline in a folder of its own.

Nothing here may train, split or score by itself: that is the package's, and what is measured must be what it does.
"""
