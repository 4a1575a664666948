"""Split ratings made from lists of films, as `sequential_processing` leaves them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from movie_genie.data import schemas


def split_ratings(
    sequences: Sequence[Sequence[int]],
    times: Sequence[Sequence[int]] | None = None,
    validation_from: int = 1_000,
    test_from: int = 2_000,
) -> pd.DataFrame:
    """One list of films a user, oldest first; `times` decide the temporal part (0, 1, 2 … where not given)."""
    rows = []
    for user, films in enumerate(sequences):
        when = times[user] if times else range(len(films))
        for position, (film, time) in enumerate(zip(films, when, strict=True)):
            from_end = len(films) - position
            rows.append(
                {
                    "user_idx": user,
                    "position": position,
                    "item_idx": film,
                    "rating": 4.0,
                    "timestamp": time,
                    "leave_one_out": {1: schemas.TEST, 2: schemas.VALIDATION}.get(from_end, schemas.TRAIN)
                    if len(films) >= 3
                    else schemas.TRAIN,
                    "temporal": int(time >= validation_from) + int(time >= test_from),
                }
            )
    frame = pd.DataFrame(rows, columns=schemas.INTERACTIONS.names)
    return frame.astype({"rating": np.float32})
