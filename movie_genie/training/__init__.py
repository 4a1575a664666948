"""What both trainings share: tables turned into arrays, batches, and the loop. Knows `data`, knows no model."""
