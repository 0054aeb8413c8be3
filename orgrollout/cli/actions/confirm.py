"""`confirm`: experiments on the live organization, and taking away what they made."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from traceback import format_exception

from orgrollout.cli.errors import DONE, FAILED, FINDINGS, WrongUsageError
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.options.names import role_named
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.confirm import ask
from orgrollout.cli.terminal.files import is_there, must_be_writable, replace_file
from orgrollout.cli.terminal.screen import Screen
from orgrollout.confirm.experiment import Experiment, Finding, Outcome
from orgrollout.confirm.registry import BY_NAME, chosen
from orgrollout.confirm.stack_set import LONGEST
from orgrollout.manifest.behaviour import behaviour_text, read_behaviour
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.behaviour import Value
from orgrollout.model.ids import AccountId, Region
from orgrollout.reconcile.confirm.ask import Role
from orgrollout.reconcile.confirm.ground import Wanted, new_run, read_ground
from orgrollout.reconcile.confirm.in_use import in_use
from orgrollout.reconcile.confirm.run import Outcome as Ended
from orgrollout.reconcile.confirm.run import left_by_earlier_runs, remove, run
from orgrollout.report.confirm import announcement, clean_json, confirm_blocks, confirm_json
from orgrollout.report.layout.words import count

_MINUTES = LONGEST // timedelta(minutes=1)
_BUSY = (
    f"its run may still go on, since an operation of it is under way or began less than {_MINUTES} "
    "minutes ago; --yes removes it none the less"
)
_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `confirm` was asked for."""

    account: str | None
    suspended: str | None
    role: str | None
    external_id: str | None
    second_region: str | None
    only: Sequence[str]
    out: Path
    yes: bool


def confirm(asked: Options, reach: Reach, format_: str) -> int:
    """Run experiments; 3 where one does not confirm what is assumed, or something is left."""
    screen = Screen(format_)
    wanted, role = _wanted(asked)
    experiments = _experiments(asked.only)
    known = _known(asked.out)
    with open_session(reach, screen) as session:
        session.say_who()
        connection = session.connection
        call_as = session.planning.stack_sets.call_as.value
        ground = read_ground(wanted, session.planning.connection, call_as)
        screen.show(announcement(experiments, ground))
        if all(each.lacks(ground) for each in experiments):
            raise WrongUsageError("no experiment can run; nothing was made. Give what they need.")
        _ask(screen, "Run these experiments?", yes=asked.yes)
        answers: dict[str, Value] = {}
        hear, progress = partial(_note, answers), screen.progress
        with _kept(asked.out, known, answers, screen):
            with _whatever_ends_it(session), screen.working():
                ran = run(experiments, ground, connection, role, progress, hear=hear)
                outcomes = list(ran)
            _show_tracebacks(outcomes, session)
            left = {str(each.stack_set): each.left for each in outcomes if each.left}
            _tell_left(screen, left, session)
            findings = _in_order(experiments, [each.finding for each in outcomes])
            screen.result(confirm_blocks(findings), confirm_json(findings, ground, left))
    as_assumed = all(each.outcome is Outcome.CONFIRMED for each in findings)
    return DONE if as_assumed and not left else FINDINGS


def clean_up(reach: Reach, format_: str, *, yes: bool) -> int:
    """Take away what earlier runs left; 1 where something stays."""
    screen = Screen(format_)
    with open_session(reach, screen) as session:
        session.say_who()
        call_as = session.planning.stack_sets.call_as.value
        found = left_by_earlier_runs(session.connection, call_as)
        for name in found:
            screen.say(f"{name}: made by an experiment")
        busy = in_use(found, call_as, session.connection)
        left: dict[str, str] = {} if yes else dict.fromkeys(map(str, busy), _BUSY)
        if idle := [name for name in found if name not in left]:
            what = f"Remove {count(len(idle), 'stack set')} with all stacks?"
            _ask(screen, what, yes=yes)
            with _whatever_ends_it(session), screen.working():
                ended = remove(idle, call_as, new_run(), session.connection)
                left |= {name: why for name, why in ended if why}
        gone = [name for name in found if name not in left]
        screen.result((), clean_json(gone, left))
        _tell_left(screen, left, session)
        screen.say(f"Removed {count(len(gone), 'stack set')} of experiments.")
    return FAILED if left else DONE


def _wanted(asked: Options) -> tuple[Wanted, Role | None]:
    if asked.account is None:
        raise WrongUsageError(
            "--account is missing: name the account that experiments may make stacks in, by its id."
        )
    if asked.external_id is not None and asked.role is None:
        raise WrongUsageError("--external-id goes with --role.")
    role_named(asked.role, "--role")
    canary = _account("--account", asked.account)
    suspended = _account("--suspended", asked.suspended) if asked.suspended else None
    wanted = Wanted(
        canary=canary,
        suspended=suspended,
        second_region=Region(asked.second_region) if asked.second_region else None,
        by_role=asked.role is not None,
    )
    role = Role(name=asked.role, external_id=asked.external_id) if asked.role else None
    return wanted, role


def _account(option: str, given: str) -> AccountId:
    if not _ACCOUNT.fullmatch(given):
        raise WrongUsageError(f"{option}: `{given}` is no id of an account. Give twelve digits.")
    return AccountId(given)


def _experiments(names: Sequence[str]) -> tuple[Experiment, ...]:
    for name in names:
        if name not in BY_NAME:
            hint = did_you_mean(name, BY_NAME, f"There are {', '.join(sorted(BY_NAME))}.")
            raise WrongUsageError(f"--only: no experiment is called `{name}`. {hint}")
    return chosen(names)


def _known(out: Path) -> Mapping[str, Value]:
    """Return the answers that a file has already, before anything is made for it."""
    must_be_writable(out)
    return read_behaviour(out).values if is_there(out) else {}


def _ask(screen: Screen, question: str, *, yes: bool) -> None:
    if yes:
        return
    if not screen.is_terminal:
        raise WrongUsageError(
            "without a terminal there is no one to ask; nothing was made or removed. Give --yes."
        )
    ask(screen, question, declined="Declined; nothing was made or removed.")


@contextmanager
def _whatever_ends_it(session: Session) -> Iterator[None]:
    """Tell how to take away what was made, where an interruption or an error ends the command."""
    try:
        yield
    except BaseException as error:
        how = "Interrupted" if isinstance(error, KeyboardInterrupt) else "Ended before its end"
        session.screen.aside(
            f"{how}: what was made may still be there. `{_clean(session)}` takes it away, with "
            f"--yes if that is less than {_MINUTES} minutes after its last operation.",
            "red",
        )
        raise


@contextmanager
def _kept(
    out: Path, known: Mapping[str, Value], answers: Mapping[str, Value], screen: Screen
) -> Iterator[None]:
    """Write the answers so far, whatever ends the experiments."""
    try:
        yield
    finally:
        if answers:
            replace_file(out, behaviour_text({**known, **answers}))
            screen.say(f"Wrote {out}: {count(len(answers), 'answer')} of this run.")


def _note(answers: dict[str, Value], finding: Finding) -> None:
    if finding.value is not None:
        answers[finding.experiment.name] = finding.value


def _show_tracebacks(outcomes: Sequence[Ended], session: Session) -> None:
    for error in (error for each in outcomes for error in each.errors if session.debug):
        for text in format_exception(error):
            session.screen.aside(text.rstrip())


def _clean(session: Session) -> str:
    return session.command("confirm", None, "--clean")


def _tell_left(screen: Screen, left: Mapping[str, str], session: Session) -> None:
    for name, why in sorted(left.items()):
        screen.aside(f"{name} is still there: {why}.", "red")
    if left:
        screen.aside(f"`{_clean(session)}` tries again.", "red")


def _in_order(experiments: Sequence[Experiment], findings: Sequence[Finding]) -> list[Finding]:
    by_name = {each.experiment.name: each for each in findings}
    return [by_name[each.name] for each in experiments]
