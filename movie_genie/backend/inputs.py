"""What the API takes: pydantic types, checked before a view runs, from which OpenAPI is made."""

from typing import Annotated, Literal

from apiflask.fields import UploadFile
from pydantic import BaseModel, ConfigDict, Field, model_validator

from movie_genie.engine.records import Mode

LARGEST_ID = 2**53 - 1
"""The largest whole number that JavaScript holds exactly; ids beyond it exist nowhere."""

MovieId = Annotated[int, Field(ge=0, le=LARGEST_ID)]
Page = Annotated[int, Field(ge=1, le=1_000_000)]
PerPage = Annotated[int, Field(ge=1, le=100)]
Limit = Annotated[int, Field(ge=1, le=100)]
Genre = Annotated[str, Field(max_length=64)]
Year = Annotated[int, Field(ge=1800, le=3000)]
Stars = Annotated[float, Field(ge=0.5, le=5, multiple_of=0.5)]
ReleaseId = Annotated[str, Field(pattern="^[0-9a-f]{12}$")]


Name = Annotated[str, Field(pattern="^[A-Za-z0-9_.-]{3,32}$")]
"""No letters that look like others: nobody can take a name that reads as somebody else's."""

NewPassword = Annotated[str, Field(min_length=10, max_length=200)]
Password = Annotated[str, Field(max_length=200)]


class In(BaseModel):
    """Something sent to the API; a field that it does not know is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class Paging(In):
    """Which part of a long list."""

    page: Page = 1
    per_page: PerPage = 20


class LimitIn(In):
    """How many films."""

    limit: Limit = 20


class PopularIn(LimitIn):
    """How many films, perhaps of one genre."""

    genre: Genre | None = None


class RecommendIn(PopularIn):
    """How many films, perhaps of one genre; diversity from 0 (the best) to 1 (the most different)."""

    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0


class SearchIn(In):
    """Words of a title, or a description of what the film is about."""

    q: Annotated[str, Field(min_length=1, max_length=200)]
    mode: Mode = "hybrid"
    genre: Genre | None = None
    year_from: Year | None = None
    year_to: Year | None = None
    limit: Limit = 20


class Credentials(In):
    """Name and password of an account."""

    name: Name
    password: Password


class NewAccount(In):
    """Name and password of an account to be."""

    name: Name
    password: NewPassword


class PasswordIn(In):
    """The password again, before everything is deleted; a guest has none and sends an empty one."""

    password: Password


class NewPasswordIn(In):
    """The password so far, and the one to be."""

    password: Password
    new_password: NewPassword


class ResetIn(In):
    """The token of a link, and the password to be."""

    token: Annotated[str, Field(max_length=100)]
    password: NewPassword


class AccountIn(In):
    """An account."""

    name: Name


class AccountsIn(Paging):
    """Which part of the accounts, perhaps only those with a part in their name."""

    name: Annotated[str, Field(max_length=32, pattern="^[^\\x00]*$")] = ""  # PostgreSQL knows no NUL


class RatingIn(In):
    """Stars for a film, or that it is of no interest."""

    movie_id: MovieId
    rating: Stars | None = None
    not_interested: bool = False

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["rating"],
                    "properties": {"rating": {"type": "number"}, "not_interested": {"const": False}},
                },
                {
                    "required": ["not_interested"],
                    "properties": {"rating": {"type": "null"}, "not_interested": {"const": True}},
                },
            ]
        }
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "RatingIn":
        if (self.rating is None) != self.not_interested:
            raise ValueError("give either a rating or not_interested")
        return self


class WatchlistIn(In):
    """A film to be put on the watchlist."""

    movie_id: MovieId


class ImportIn(In):
    """A CSV export of Letterboxd, IMDb, Trakt or MovieLens, or of Movie Genie itself."""

    file: UploadFile


class CommitIn(In):
    """Whether the import is kept; without it, it is only looked at."""

    commit: bool = False


class ExportIn(In):
    """In which form."""

    format: Literal["json", "csv"] = "json"


class EventIn(In):
    """A row was shown, or a film in it was clicked."""

    kind: Literal["impression", "click"]
    row: Annotated[str, Field(pattern="^[a-z_]{1,32}$")]
    movie_id: MovieId | None = None
    position: Annotated[int, Field(ge=0, le=1000)] | None = None


class EventsIn(In):
    """What happened on a page that showed a release's recommendations."""

    release_id: ReleaseId
    events: Annotated[list[EventIn], Field(min_length=1, max_length=200)]


class ActivateIn(In):
    """The release to be served."""

    release_id: ReleaseId
