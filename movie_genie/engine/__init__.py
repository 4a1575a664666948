"""What answers a viewer from one release: recommend, explain, rows, likeness, search. Knows no Flask, no database."""
