"""The rankers, which order candidates, one file each, and their training. Knows `training` and `data`."""
