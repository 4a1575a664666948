"""BERT4Rec, which orders candidates, and the two stages put together. Knows `retrieval` and `data`."""
