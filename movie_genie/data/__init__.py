"""From a source's files to checked tables: ratings, films, sequences, content. Knows no model and no web."""
