"""What all trainings share: tables turned into arrays, batches, the loop and its checkpoints. Knows `data`, knows no model."""
