"""The tables of a release, beside its models: `releases` writes them, the engine maps them into memory."""

import pyarrow as pa

from movie_genie.data.schemas import CONTENT

CATALOGUE = pa.schema(
    [
        ("item_idx", pa.int32()),
        *(field for field in CONTENT if field.name != "embedding"),
        ("ratings_count", pa.int32()),  # by the data set's own users, as is the average
        ("average_rating", pa.float32()),  # null without ratings
        ("popularity", pa.float32()),  # recent likes, viewers' within bounds
    ]
)
"""catalogue.arrow: one row a film of the vocabulary, sorted by item_idx."""

PERSONAS = pa.schema(
    [
        ("user_id", pa.int64()),
        ("first", pa.int64()),  # row of the oldest rating in PERSONA_RATINGS
        ("ratings_count", pa.int32()),
        ("average_rating", pa.float32()),
    ]
)
"""personas.arrow: the data set's users, sorted by user_id; never the app's own viewers."""

PERSONA_RATINGS = pa.schema([("item_idx", pa.int32()), ("rating", pa.float32()), ("timestamp", pa.int64())])
"""persona_ratings.arrow: the personas one after another, each oldest first."""

WORD_INDEX = pa.schema([("word", pa.string()), ("films", pa.list_(pa.int32()))])
"""word_index.arrow: the words of the films' texts in order, each with its films' item_idx."""
