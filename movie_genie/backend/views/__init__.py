"""One blueprint a resource: a view takes checked input, makes a call, and gives what `outputs` describes."""
