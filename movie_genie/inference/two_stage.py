"""Candidate sources and rankers put together: the system that is measured and served.

Each source offers the films that it scores highest; all of them together are the candidates (as in RecTools' candidate
ranking: generators, then rerankers). Every source and ranker scores the candidates, each model's scores are brought to
mean 0 and deviation 1 over them, and their weighted sum is the order. The weights are chosen on validation data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, reduce
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from movie_genie.artifacts import MODELS, RECIPE
from movie_genie.errors import UserError
from movie_genie.files import read_json
from movie_genie.history import LIKED, History
from movie_genie.inference import models
from movie_genie.inference.compiled import Floats, Items
from movie_genie.inference.content_profile import ContentProfile, clarity_of
from movie_genie.inference.models import Model
from movie_genie.inference.newcomers import LEAST_FILMS, MOST_STRENGTH, Newcomers, emphasised
from movie_genie.inference.selection import (
    add_at_the_end,
    best,
    leading,
    standardise,
    strongest,
    taken,
    union,
    weighted_sum,
)
from movie_genie.inference.sequence_model import SequenceModel


@dataclass(frozen=True)
class Source:
    """A model that offers candidates."""

    name: str
    model: Model
    candidates: int
    """How many films it offers."""


@dataclass(frozen=True)
class Ranker:
    """A model that scores what the sources offer."""

    name: str
    model: Model


class Predictor(NamedTuple):
    """The model that predicts stars."""

    name: str
    model: SequenceModel


class Candidates(NamedTuple):
    """What the models say of one history's candidates."""

    items: Items
    """(candidates,) item_idx, ascending."""
    scores: Floats
    """(models, candidates), each model's standardised; sources first, then rankers."""
    deviations: Floats
    """(models,) what each model's scores were divided by."""
    emphasis: Floats
    """(models,) what is added to each model's weight for this history, as a share of all weights together."""
    read: Floats | None
    """What the model that predicts stars made of the history; None where there is none."""


class Ranking(NamedTuple):
    """Films, best first."""

    items: Items
    scores: Floats
    scales: Floats
    """(models,) what one point of each model's own score was worth for this history; see `TwoStage.reasons`."""
    read: Floats | None
    """What the model that predicts stars made of the history; see `TwoStage.stars`."""


@dataclass(frozen=True)
class TwoStage:
    """Sources, rankers, and how much each of them counts."""

    sources: tuple[Source, ...]
    rankers: tuple[Ranker, ...]
    weights: Floats
    """(models,) at least 0; sources first, then rankers."""
    newcomers: Newcomers | None = None

    @classmethod
    def of_recipe(cls, recipe: dict[str, Any], folders: dict[str, Path], path: Path) -> "TwoStage":
        """Open the models that a recipe names.

        Parameters
        ----------
        recipe : dict
            `sources`: a list of {name, candidates, weight}; `rankers`: a list of {name, weight}; `newcomers`: a
            `Newcomers`' fields, or nothing.
        folders : dict
            Where each model lies.
        path : Path
            Of the recipe, for errors.

        Raises
        ------
        UserError
            When a model is missing or broken, or they were trained on different vocabularies.
        """
        try:
            opened = {
                str(one["name"]): models.load(folders[one["name"]])
                for one in (*recipe["sources"], *recipe["rankers"])
            }
            two_stage = cls(
                tuple(
                    Source(one["name"], opened[one["name"]], int(one["candidates"]))
                    for one in recipe["sources"]
                ),
                tuple(Ranker(one["name"], opened[one["name"]]) for one in recipe["rankers"]),
                np.array([one["weight"] for one in (*recipe["sources"], *recipe["rankers"])], np.float32),
                Newcomers(**newcomers) if (newcomers := recipe.get("newcomers")) else None,
            )
            two_stage._check()
        except KeyError as missing:
            raise UserError(f"{path}: {missing} is missing, or no model of that name is there") from None
        except (TypeError, ValueError) as error:
            raise UserError(f"{path}: no recipe of sources and rankers: {error}") from None
        sizes = {name: len(model) for name, model in opened.items()}
        if len(set(sizes.values())) != 1:
            raise UserError(f"{path}: the models know different numbers of films: {sizes}; train all again")
        return two_stage

    @classmethod
    def of_release(cls, folder: Path) -> "TwoStage":
        """Open a release's models; a ranker that counts nothing is left out, as asking it takes time.

        Unless it predicts stars, or counts for newcomers.

        Raises
        ------
        UserError
            As `of_recipe`.
        """
        path = folder / RECIPE
        folders = {inside.name: inside for inside in (folder / MODELS).glob("*") if inside.is_dir()}
        two_stage = cls.of_recipe(read_json(path), folders, path)
        asked = two_stage.weights > 0
        asked[: len(two_stage.sources)] = True
        helps = two_stage.newcomers and two_stage.newcomers.model
        asked |= [models.predicts_stars(model) or name == helps for name, model in two_stage.models.items()]
        rankers = tuple(compress(two_stage.rankers, asked[len(two_stage.sources) :]))
        return replace(two_stage, rankers=rankers, weights=two_stage.weights[asked])

    def _check(self) -> None:
        """See that the numbers are what compiled code and the order need.

        Raises
        ------
        ValueError
        """
        names = [*(source.name for source in self.sources), *(ranker.name for ranker in self.rankers)]
        if not self.sources or len(set(names)) < len(names):
            raise ValueError("expected at least one source, and each model once")
        if any(source.candidates < 1 for source in self.sources):
            raise ValueError("candidates: expected at least 1 of each source")
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all() and self.weights.any()):
            raise ValueError("weight: expected numbers of at least 0, one of them above")
        if self.newcomers and not (
            isinstance(self.models.get(self.newcomers.model), ContentProfile)
            and 0 <= self.newcomers.strength <= MOST_STRENGTH
            and self.newcomers.films >= LEAST_FILMS
        ):
            raise ValueError(
                f"newcomers: expected a content profile, a strength from 0 to {MOST_STRENGTH:g}, "
                f"and films of at least {LEAST_FILMS:g}"
            )

    def recipe(self) -> dict[str, Any]:  # Any: a JSON document
        """What `of_recipe` takes."""
        weights = [round(float(weight), 6) for weight in self.weights]
        return {
            "sources": [
                {"name": source.name, "candidates": source.candidates, "weight": weight}
                for source, weight in zip(self.sources, weights, strict=False)
            ],
            "rankers": [
                {"name": ranker.name, "weight": weight}
                for ranker, weight in zip(self.rankers, weights[len(self.sources) :], strict=True)
            ],
            "newcomers": asdict(self.newcomers) if self.newcomers else None,
        }

    def weighted(self, weights: NDArray[np.floating]) -> "TwoStage":
        """The same models with other weights."""
        return replace(self, weights=np.asarray(weights, np.float32))

    @property
    def items(self) -> int:
        """Size of the vocabulary."""
        return len(self.sources[0].model)

    @cached_property
    def models(self) -> dict[str, Model]:
        """Sources, then rankers, by name."""
        sources = {source.name: source.model for source in self.sources}
        return sources | {ranker.name: ranker.model for ranker in self.rankers}

    def candidates(self, histories: Sequence[History], excluded: Sequence[Items]) -> list[Candidates]:
        """Ask every model about some histories, which are read in batches.

        Parameters
        ----------
        histories
            One a case.
        excluded : one (n,) a case
            item_idx of films that take no candidate's place.
        """
        reads = {name: model.read(histories) for name, model in self.models.items()}
        tables = [source.model.scores(reads[source.name]) for source in self.sources]
        offered = []
        for case, barred in enumerate(excluded):
            chosen = (
                best(table[case], barred, source.candidates)
                for source, table in zip(self.sources, tables, strict=True)
            )
            offered.append(reduce(union, chosen))
        found = []
        for case, items in enumerate(offered):
            scores = np.empty((len(self.weights), len(items)), np.float32)
            for row, table in enumerate(tables):
                scores[row] = taken(table[case], items)
            for row, ranker in enumerate(self.rankers, len(tables)):
                scores[row] = ranker.model.scores_of(reads[ranker.name][case], items)
            read = reads[self.predictor.name][case] if self.predictor else None
            emphasis = self._emphasis(reads, case, len(histories[case]))
            found.append(Candidates(items, scores, standardise(scores), emphasis, read))
        return found

    def fused(self, found: Candidates) -> Floats:
        """The candidates' final scores: (candidates,)."""
        return weighted_sum(emphasised(self.weights, found.emphasis), found.scores)

    def recommend(self, history: History, k: int, exclude: Items) -> Ranking:
        """The `k` best films for a history, without those in `exclude`."""
        (found,) = self.candidates([history], [exclude])
        weights = emphasised(self.weights, found.emphasis)
        places, scores = leading(weighted_sum(weights, found.scores), k)
        return Ranking(found.items[places], scores, weights / found.deviations, found.read)

    def _emphasis(self, reads: Mapping[str, Floats], case: int, known: int) -> Floats:
        emphasis = np.zeros(len(self.weights), np.float32)
        if self.newcomers:
            clarity = clarity_of(reads[self.newcomers.model][case])
            emphasis[self._newcomers_place] = self.newcomers.emphasis(known, clarity)
        return emphasis

    @cached_property
    def _newcomers_place(self) -> int:
        return list(self.models).index(self.newcomers.model) if self.newcomers else -1

    @cached_property
    def predictor(self) -> Predictor | None:
        """The first model that predicts stars; None where there is none."""
        for name, model in self.models.items():
            if models.predicts_stars(model):
                return Predictor(name, model)
        return None

    def stars(self, ranking: Ranking, items: Items) -> Floats | None:
        """The stars that a ranking's viewer will give some films: (items,); None where no model predicts any."""
        if self.predictor is None or ranking.read is None:
            return None
        return self.predictor.model.stars(ranking.read, items)

    def stars_of(self, history: History, items: Items) -> Floats | None:
        """As `stars`, where there is no ranking: (items,)."""
        if self.predictor is None:
            return None
        model = self.predictor.model
        return model.stars(model.read([history])[0], items)

    def affinity(self, history: History) -> Floats:
        """How near every film is to a history, by the sources: (items,), mean 0 and deviation 1."""
        scores = np.concatenate(
            [source.model.scores(source.model.read([history])) for source in self.sources]
        )
        standardise(scores)
        whole = (self.weights[: len(scores)] @ scores)[None]
        standardise(whole)
        own: Floats = whole[0]
        return own

    def likeness(self, item: int) -> Floats:
        """Every film's likeness to one of them, by the first model that knows any: (items,), at most 1."""
        for model in self.models.values():
            found = model.likeness(item)
            if found is not None:
                return found
        return np.zeros(self.items, np.float32)

    def reasons(self, history: History, ranking: Ranking, items: Items, count: int) -> tuple[Items, Floats]:
        """The liked films of a history that contributed most to each of `items`: their places, and their shares.

        A share is of all that liked films say for a film in the scores of the models that give reasons; what they say
        against it has no share.

        Returns
        -------
        (items, count) int64, (items, count) float32
            The largest share first; fewer than `count` of a shorter history. Of a row the shares' sum is at most 1.
        """
        favoured = history.in_favour
        whole = np.zeros((len(items), len(favoured)), np.float32)
        for model, scale in zip(self.models.values(), ranking.scales.tolist(), strict=True):
            own = model.contributions(history, items) if scale else None
            if own is not None:
                add_at_the_end(whole, scale, own)
        liked = np.flatnonzero(favoured.stars >= LIKED)
        if len(liked) < len(favoured):
            whole = np.ascontiguousarray(whole[:, liked])
        return strongest(whole, min(count, len(liked)))
