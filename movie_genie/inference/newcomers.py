"""How much more a model counts for a viewer of whom little is known."""

from dataclasses import dataclass

from movie_genie.inference.compiled import Floats

MOST_STRENGTH, LEAST_FILMS = 100.0, 0.1
"""Beyond these no list would change any more, and sums would lose their digits."""


@dataclass(frozen=True)
class Newcomers:
    """A content profile that counts more, the fewer films a viewer rated and the more these say the same.

    What people watch next tells little of one viewer's taste then.
    """

    model: str
    strength: float
    """What it counts beside all weights together, with few films that say the same."""
    films: float
    """How many films halve that; four times as many leave a seventeenth."""

    def emphasis(self, known: int, clarity: float) -> float:
        """What is added to the model's weight, as a share of all weights together."""
        return self.strength * clarity / (1 + (known / self.films) ** 2)


def emphasised(weights: Floats, emphasis: Floats) -> Floats:
    """Each model's weight, with its share of all weights together added: (models,), (models,) -> (models,)."""
    found: Floats = weights + weights.sum() * emphasis
    return found
