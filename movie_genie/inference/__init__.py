"""Runs what training exported, for engine, evaluation and gate alike. No torch: knows `data` and the ground floor."""
