"""The two-tower model: from a history to its candidates. Knows the tables of `data`, nothing of ranking."""
