"""Real reasons of failures, as `reasons.yaml` has them."""

from pathlib import Path
from typing import NamedTuple

import yaml

from orgrollout.rollout.state.failure_classes import FailureClass


class RealReason(NamedTuple):
    """One text of AWS, where it was seen, and what it must be read as."""

    text: str
    source: str
    found: str  # report, documentation or form: what reasons.yaml says of itself
    row: str
    kind: FailureClass
    tries: int  # 0: as many as the plan gives to a class that is retried
    advice: str  # a part of it


def real_reasons() -> list[RealReason]:
    """Return all of them."""
    loaded = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())
    return [
        RealReason(
            text=each["text"],
            source=each["source"],
            found=each["found"],
            row=each["row"],
            kind=FailureClass(each["class"]),
            tries=each["tries"],
            advice=each["advice"],
        )
        for each in loaded["reasons"]
    ]
