"""What an experiment is: a question, what settles it, and what follows from each answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from orgrollout.confirm.ground import Ground
from orgrollout.confirm.steps import Steps
from orgrollout.model.behaviour import QUESTIONS, Question, Value


class Need(StrEnum):
    """What an experiment takes besides the canary account."""

    ROLE = "role"  # to look into the canary account
    SUSPENDED = "suspended"


class Outcome(StrEnum):
    """What came of an experiment."""

    CONFIRMED = "confirmed"
    OTHERWISE = "otherwise"
    COULD_NOT_TELL = "could not tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an experiment found, and what it was seen by."""

    value: Value
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One question to AWS. Its name is that of the setting of the sandbox that it decides."""

    name: str
    title: str  # short, as in names of stack sets
    question: str
    under: Mapping[Value, str]  # what the product does, for each answer
    otherwise: str = ""  # the same for an answer that is not among them, where any text may be one
    needs: frozenset[Need] = frozenset()
    makes: tuple[str, ...]
    calls: frozenset[str]  # operations of CloudFormation in the caller's account
    member_calls: frozenset[str] = frozenset()  # the same in the canary account, through the role
    takes: timedelta  # at most, in AWS
    run: Callable[[Ground], Steps[Answer]]

    @property
    def asked(self) -> Question:
        """Return the values that are possible, and the one that is assumed."""
        return QUESTIONS[self.name]

    def lacks(self, ground: Ground) -> str:
        """Return which option is missing for it; empty where it can run."""
        given = {
            Need.ROLE: ground.by_role,
            Need.SUSPENDED: ground.suspended is not None,
        }
        return " and ".join(
            _OPTIONS[need] for need in Need if need in self.needs and not given[need]
        )


_OPTIONS = {
    Need.ROLE: "--role NAME",
    Need.SUSPENDED: "--suspended ACCOUNT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one experiment, with the calls it made, redacted."""

    experiment: Experiment
    outcome: Outcome
    value: Value | None
    because: str
    evidence: tuple[str, ...] = ()

    @property
    def consequence(self) -> str:
        """Return what the product does about it."""
        if self.value is None:
            return f"As assumed: {self.experiment.under[self.experiment.asked.assumed]}"
        return self.experiment.under.get(self.value, self.experiment.otherwise)


def found(experiment: Experiment, answer: Answer) -> Finding:
    """Return the finding for an answer."""
    as_assumed = answer.value == experiment.asked.assumed
    return Finding(
        experiment=experiment,
        outcome=Outcome.CONFIRMED if as_assumed else Outcome.OTHERWISE,
        value=answer.value,
        because=answer.because,
    )


def not_found(experiment: Experiment, why: str) -> Finding:
    """Return the finding where there is no answer."""
    return Finding(
        experiment=experiment,
        outcome=Outcome.COULD_NOT_TELL,
        value=None,
        because=why,
    )
