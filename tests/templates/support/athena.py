"""A small stand-in for Athena: the folders that it reads for a table, and its SQL on a few rows.

SQLite answers. It lacks some functions of Athena's engine, and a few ways to write them; both are
added here, and nothing else is changed in a query.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

_KEY = re.compile(r"\$\{([a-z_]+)\}")
_WRITTEN_OTHERWISE = (
    (r"\bcurrent_date - interval '1' day", "day_before(today())"),
    (r"\bcurrent_date\b", "today()"),
    (r"\bnow\(\) - interval '15' minute", "minutes_ago(15)"),
    (r"try_cast\((\S+) AS (?:bigint|integer)\)", r"try_cast(\1)"),
)


def folders(table: Mapping[str, Any], **values: str) -> Iterator[str]:
    """Yield each location that a table's partition projection gives for some values of its keys.

    Raises:
        LookupError: A key has no value, or none that the projection knows.
    """
    parameters = table["Parameters"]
    template = parameters["storage.location.template"]
    keys = [key["Name"] for key in table["PartitionKeys"]]
    assert sorted(_KEY.findall(template)) == sorted(keys), "each key is part of the location"
    choices = [list(_values(parameters, key, values)) for key in keys]
    for chosen in product(*choices):
        location = template
        for key, value in zip(keys, chosen, strict=True):
            location = location.replace("${" + key + "}", value)
        yield location


def _values(parameters: Mapping[str, Any], key: str, asked: Mapping[str, str]) -> Iterator[str]:
    about = f"projection.{key}"
    wanted = asked.get(key)
    match parameters[f"{about}.type"]:
        case "injected" if wanted is not None:
            yield wanted
        case "enum" if wanted is None or wanted in parameters[f"{about}.values"].split(","):
            yield from [wanted] if wanted else parameters[f"{about}.values"].split(",")
        case "integer" if wanted is not None:
            first, last = parameters[f"{about}.range"].split(",")
            if not int(first) <= int(wanted) <= int(last):
                raise LookupError(f"{key} {wanted} is out of range")
            yield wanted.zfill(int(parameters.get(f"{about}.digits", 1)))
        case _:
            raise LookupError(f"no value for {key}")


def ask(
    query: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], now: datetime
) -> list[tuple[Any, ...]]:
    """Return what a query finds in the table ``flow_logs``."""
    database = sqlite3.connect(":memory:")
    names = ", ".join(f'"{each}"' for each in columns)
    database.execute(f"CREATE TABLE flow_logs ({names})")
    marks = ", ".join("?" * len(columns))
    database.executemany(f"INSERT INTO flow_logs VALUES ({marks})", rows)  # noqa: S608 - marks only
    for name, function in _functions(now).items():
        database.create_function(name, -1, function)
    for written, otherwise in _WRITTEN_OTHERWISE:
        query = re.sub(written, otherwise, query)
    return database.execute(query).fetchall()


def _functions(now: datetime) -> dict[str, Any]:
    """Return Athena's functions; a moment is its text."""
    moment = datetime.fromisoformat
    return {
        "today": lambda: now.date().isoformat(),
        "day_before": lambda day: (moment(day) - timedelta(days=1)).date().isoformat(),
        "minutes_ago": lambda count: (now - timedelta(minutes=count)).isoformat(),
        "year": lambda day: moment(day).year,
        "month": lambda day: moment(day).month,
        "day": lambda day: moment(day).day,
        "try_cast": _number,
        "regexp_like": lambda text, wanted: None if text is None else bool(re.search(wanted, text)),
        "from_unixtime": lambda s: (
            None if s is None else datetime.fromtimestamp(s, UTC).isoformat()
        ),
        "date_trunc": lambda unit, at: _hour(at) if unit == "hour" and at else None,
        "date_diff": lambda unit, one, two: (
            (moment(two) - moment(one)) // timedelta(**{f"{unit}s": 1})
        ),
    }


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _hour(at: str) -> str:
    return datetime.fromisoformat(at).replace(minute=0, second=0, microsecond=0).isoformat()
