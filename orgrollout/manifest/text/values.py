"""Single values that are written in a form of their own: durations, days, spans, budgets, lists."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from orgrollout.model.bounded_pattern import PatternError, bounded

_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")  # names of Amazon S3
# A dot in the name of a bucket breaks the certificate of its own host (Amazon S3 User Guide,
# "Virtual hosting of general purpose buckets").
_URL_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()/-]*)?")
_CLOCK = r"(?:(?P<hours>\d{1,6})h)?(?:(?P<minutes>\d{1,6})m)?(?:(?P<seconds>\d{1,6})s)?"
_SHORT = re.compile(rf"(?:(?P<days>\d{{1,4}})d)?{_CLOCK}")
_ISO = re.compile(
    r"P(?:(?P<days>\d{1,4})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,6})S)?)?"
)


def refusal(message: str, fix: str) -> PydanticCustomError:
    """Return the error of a validator, in words for the user."""
    return PydanticCustomError("refused", "{message}", {"message": message, "fix": fix})


def one_or_more(value: Any) -> Any:
    """Return a list; one text stands for a list of one."""
    return [value] if isinstance(value, str) else value


def journal_place(value: Any) -> Any:
    """Return where a journal is: a path, or ``s3://`` with the name of a bucket that could be."""
    fix = "Write a folder, a file, or s3://BUCKET/PREFIX."
    if isinstance(value, str) and not value.strip():
        raise refusal("names nothing.", fix)
    if isinstance(value, str) and "://" in value and not _BUCKET.fullmatch(value):
        raise refusal(f"`{value}` names no bucket that could be.", fix)
    return value


def template_place(value: Any) -> Any:
    """Return where templates go: ``s3://`` with the name of a bucket that a URL can name."""
    if isinstance(value, str) and not _URL_BUCKET.fullmatch(value):
        fix = "Write s3://BUCKET/PREFIX; a bucket without dots, since a URL names it."
        raise refusal(f"`{value}` names no bucket for templates.", fix)
    return value


def duration(value: Any) -> timedelta:
    """Return a span from text such as 30m, 1h30m, 3d or PT30M."""
    if isinstance(value, timedelta):
        return value
    text = str(value)
    found = _SHORT.fullmatch(text) or _ISO.fullmatch(text)
    parts = {k: int(v) for k, v in found.groupdict().items() if v} if found else {}
    if not parts:
        raise refusal(f"`{text}` is no duration.", "Write it like 30m, 2h, 1h30m or 3d.")
    return timedelta(**parts)


def day(value: Any) -> date:
    """Return a day from YYYY-MM-DD."""
    if isinstance(value, date):
        return value
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        raise refusal(f"`{value}` is no day.", "Write it like 2027-01-31.") from None


def until(value: Any) -> datetime | date:
    """Return a day, or a moment with its time zone."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    text = value.isoformat() if isinstance(value, datetime) else str(value).strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return day(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fix = "Write a day like 2027-01-31, or a moment like 2027-01-31T18:00:00+01:00."
        raise refusal(f"`{text}` is no day and no moment.", fix) from None
    if moment.tzinfo is None:
        fix = f"Write it with its zone, such as {text}Z or {text}+01:00."
        raise refusal(f"`{text}` has no time zone.", fix)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        message = f"`{text}` goes beyond what a calendar holds."
        raise refusal(message, "Name years from 2 to 9998.") from None


def ends_at(end: date) -> datetime:
    """Return the first moment that is after an end: of a day, midnight in UTC."""
    if isinstance(end, datetime):
        return end.astimezone(UTC)
    begins = datetime(end.year, end.month, end.day, tzinfo=UTC)
    return begins if end == date.max else begins + timedelta(days=1)


def span(value: Any) -> Any:
    """Return start and end from START/END; a day as END counts in full, and no zone means UTC."""
    if isinstance(value, dict) and all(isinstance(value.get(k), str) for k in ("start", "end")):
        return {**value, **span(f"{value['start']}/{value['end']}")}
    if not isinstance(value, str):
        return value
    start, slash, end = value.partition("/")
    fix = "Write START/END, such as 2026-12-20/2027-01-04 or 2026-12-20T18:00Z/2026-12-21T06:00Z."
    try:
        begins, ends = _moment(start), _moment(end)
        if slash and re.fullmatch(r"\d{4}-\d{2}-\d{2}", end.strip()):
            ends += timedelta(days=1)
    except ValueError:
        raise refusal(f"`{value}` is no span of time.", fix) from None
    except OverflowError:
        message = f"`{value}` goes beyond what a calendar holds."
        raise refusal(message, "Name years from 2 to 9998.") from None
    if ends <= begins:
        raise refusal(f"`{value}` ends before it begins.", "Swap START and END.")
    return {"start": begins, "end": ends}


def _moment(text: str) -> datetime:
    """Return a moment in UTC.

    Raises:
        ValueError: It is no ISO 8601 date or time.
        OverflowError: It is beyond what a calendar holds.
    """
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def budget(value: Any) -> str:
    """Return how many may fail, as "5" or "5%"."""
    text = "" if isinstance(value, bool) else str(value)
    if not re.fullmatch(r"\d{1,6}|(100|\d{1,2})%", text):
        raise refusal(f"`{value}` is no number of accounts.", "Write a count, or a share like 5%.")
    return text


def regular_expression(value: Any) -> str:
    """Return a regular expression, after seeing that it is one, and that searching it ends."""
    try:
        is_slow = bounded(str(value)).is_slow()
    except PatternError as error:
        begin = str(value)[:100]
        raise refusal(f"`{begin}` is no regular expression: {error}.", "Correct it.") from None
    if is_slow:
        fix = "Repeat nothing that is repeated inside: `a+` finds what `(a+)+` finds."
        raise refusal(f"`{value}` takes for ever on some texts.", fix)
    return str(value)


_list = BeforeValidator(one_or_more, json_schema_input_type=str | list[str])
Texts = Annotated[tuple[str, ...], _list]
# An empty list is a mistake, and so is an empty text, such as a variable that is not set.
Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1), _list]
Duration = Annotated[timedelta, BeforeValidator(duration, json_schema_input_type=str)]
Until = Annotated[datetime | date, BeforeValidator(until, json_schema_input_type=str)]
RegularExpression = Annotated[
    str, Field(min_length=1), BeforeValidator(regular_expression, json_schema_input_type=str)
]
FailureBudget = Annotated[str, BeforeValidator(budget, json_schema_input_type=int | str)]
