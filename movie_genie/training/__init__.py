"""What all trainings share: arrays, batches, the loop and its checkpoints, the export. Knows `data`, knows no model."""
