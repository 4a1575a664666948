"""Ratings are judged here: parsed, held against films and clock, each user–film pair taken once."""

from movie_genie.config import DataConfig
from movie_genie.data.engine import Table
from movie_genie.data.films import LONGEST_EXCERPT
from movie_genie.data.schemas import FIRST_VIEWER_ID

UNKNOWN_FILM = "unknown_film"

REASONS = ("unparsable", "rating_out_of_range", UNKNOWN_FILM, "time_in_future", "duplicate")
"""Why a row is rejected; of several reasons the first counts."""

WHOLE_NUMBER = "^[0-9]{1,15}$"
TIME = "^[0-9]{1,15}([.][0-9]*)?$"  # pandas writes whole seconds with .0 where some are missing


def parse(fields: Table, *, ordered: bool, viewers: bool) -> Table:
    """Turn text fields (sources.FIELDS) into numbers; a row that holds none has `parsed` false.

    User ids below FIRST_VIEWER_ID belong to data sets, those from it on to the app's viewers. A time may be
    missing only where the source knows a user's order (`ordered`): it is then the latest one known before it,
    else the user's first, else the data set's first; and a time that runs against that order is put up to the
    one before it. So sorting by time and file_order gives the source's order.

    Returns
    -------
    Table
        source, row, text, user_id, movie_id, rating, timestamp, file_order, parsed, filled (whether
        the time was missing).
    """
    import ibis

    table = fields.mutate(
        user_id=_number(fields.user),
        movie_id=_number(fields.movie),
        rating=_finite(fields.rating.try_cast("float64")),
        time=ibis.ifelse(
            fields.timestamp.re_search(TIME), fields.timestamp.try_cast("float64"), ibis.null("float64")
        ).cast("int64"),
        place=_number(fields["order"]) if ordered else fields.row,
    )
    filled = table.place.notnull() & (table.timestamp.fill_null("").strip() == "") if ordered else False
    table = table.mutate(
        filled=filled,
        file_order=ibis.row_number().over(order_by=[table.place, table.row]) if ordered else table.row,
    )
    own_id = table.user_id >= FIRST_VIEWER_ID if viewers else table.user_id < FIRST_VIEWER_ID
    whole = (
        own_id.fill_null(False)
        & table.movie_id.notnull()
        & table.rating.notnull()
        & table.place.notnull()
        & (table.time.notnull() | table.filled)
    )
    table = table.mutate(parsed=whole)
    if ordered:
        before = ibis.window(group_by=table.user_id, order_by=table.file_order, preceding=None, following=0)
        known = ibis.ifelse(table.parsed, table.time, ibis.null("int64"))
        first = known.min().over(group_by=table.user_id)
        table = table.mutate(time=ibis.coalesce(known.max().over(before), first, known.min().over()))
        table = table.mutate(parsed=table.parsed & table.time.notnull())
    return table.select(
        "source",
        "row",
        "text",
        "user_id",
        "movie_id",
        "rating",
        "file_order",
        "parsed",
        "filled",
        timestamp="time",
    )


def judge(rows: Table, movie_ids: Table, config: DataConfig, now: int) -> Table:
    """Add `reason`: null for a row that is taken, else one of REASONS.

    Parameters
    ----------
    rows
        What `parse` gives.
    movie_ids
        One column, movie_id: the films that may be rated.
    now
        Seconds since 1970; a later rating is rejected.

    Notes
    -----
    Of the ratings that one user gave one film, the latest is taken (of several at the same time, the last in
    the file). A rejected row takes part in no such comparison.
    """
    import ibis

    known = rows.movie_id.isin(movie_ids.movie_id)
    reason = ibis.cases(
        (~rows.parsed, "unparsable"),
        (~rows.rating.between(config.lowest_rating, config.highest_rating), "rating_out_of_range"),
        (~known, UNKNOWN_FILM),
        (rows.timestamp > now, "time_in_future"),
        else_=ibis.null("string"),
    )
    table = rows.mutate(reason=reason)
    later = ibis.row_number().over(
        group_by=[table.user_id, table.movie_id, table.reason],
        order_by=[ibis.desc(table.timestamp), ibis.desc(table.file_order)],
    )
    table = table.mutate(later=later)
    repeated = table.reason.isnull() & (table.later > 0)
    return table.mutate(
        reason=ibis.ifelse(repeated, "duplicate", table.reason), text=table.text.substr(0, LONGEST_EXCERPT)
    ).drop("later", "parsed")


def _number(text: Table) -> Table:
    import ibis

    return ibis.ifelse(text.re_search(WHOLE_NUMBER), text.try_cast("int64"), ibis.null("int64"))


def _finite(number: Table) -> Table:
    import ibis

    return ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
