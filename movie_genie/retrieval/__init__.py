"""The candidate sources, one file each, and their training. Knows `training` and `data`, nothing of ranking."""
