"""Protocols, baselines, the report and the gate. Judges models; trains none but the closed-form baselines."""
