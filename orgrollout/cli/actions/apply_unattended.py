"""`apply --unattended`: for cron and CI. Only what is allowed is carried out."""

from collections.abc import Iterable, Mapping

from orgrollout.cli.actions.apply import carry_out
from orgrollout.cli.actions.earlier_jobs import EarlierJobs, finish_earlier_jobs
from orgrollout.cli.actions.plan import load_asked, request_of
from orgrollout.cli.actions.saved_plan import Options, read_saved
from orgrollout.cli.errors import DONE, PENDING, WAITING, WrongUsageError
from orgrollout.cli.options.shared import Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.request import Request
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.unattended.allowed_actions import AllowedActions
from orgrollout.plan.unattended.select import plan_unattended
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.lifecycle.unfinished_creations import unfinished_creations
from orgrollout.report.plan.as_text import plan_blocks


def apply_unattended(
    asked: Options,
    reach: Reach,
    format_: str,
    *,
    allow: Iterable[str] | None,
    detach: bool,
    wait: bool,
    supersede: bool,
    detailed_exitcode: bool,
) -> int:
    """Carry out what is allowed of a manifest, and report the rest."""
    if supersede:
        raise WrongUsageError(
            "--unattended goes without --supersede: a person has to look at what is taken over. "
            "Nothing was read or changed."
        )
    screen = Screen(format_)
    actions = allowed_actions(allow)
    if read_saved(asked) is not None:
        raise WrongUsageError(
            f"{asked.manifest} is a saved plan, which is carried out as it is. Leave out "
            "--unattended, or give the manifest."
        )
    loaded = load_asked(asked)
    with open_session(reach, screen, loaded=loaded) as session:
        earlier, request = _after_earlier_jobs(asked, loaded, session, detach=detach)
        unfinished = unfinished_creations(session.context.journal, request)
        allowed = AllowedActions(actions=actions, unfinished=unfinished)
        made = plan_unattended(request, allowed, session.context.clock.now())
        screen.show(plan_blocks(made, now=session.context.clock.now()))
        own = _carried_out(made, session, earlier, detach=detach, wait=wait)
        code = earlier.code(own)
    if code not in {DONE, PENDING}:
        return code
    something_is_left = code == PENDING or bool(made.held_back)
    return PENDING if detailed_exitcode and something_is_left else DONE


def allowed_actions(given: Iterable[str] | None) -> frozenset[OperationAction]:
    """Return the actions that `--allow` names; without it, enrolment alone.

    Raises:
        WrongUsageError: One of them is none.
    """
    names = [name.strip() for text in given or ("create",) for name in text.split(",")]
    known = {action.value: action for action in OperationAction if not action.is_repair}
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known, otherwise=f"There are {', '.join(known)}.")
            raise WrongUsageError(f"--allow {name}: there is no such action. {hint}")
    return frozenset(known[name] for name in names)


def _after_earlier_jobs(
    asked: Options, loaded: LoadedManifest, session: Session, *, detach: bool
) -> tuple[EarlierJobs, Request]:
    """Return what became of earlier jobs, and what is to be planned after that."""
    known: list[Request] = []

    def wanted() -> Mapping[StackSetKey, DesiredStackSet]:
        if not known:
            known.append(request_of(asked, loaded, session))
        return known[0].desired

    earlier = finish_earlier_jobs(loaded, session, wanted, detach=detach)
    is_still_so = bool(known) and not earlier.finished
    request = known[0] if is_still_so else request_of(asked, loaded, session)
    return earlier, request.compared()


def _carried_out(
    made: Plan, session: Session, earlier: EarlierJobs, *, detach: bool, wait: bool
) -> int:
    try:
        return carry_out(made, session, detach=detach, wait=wait, besides=earlier.json)
    except OpenRolloutError as error:
        # Another rollout works there. The next run finds what is still missing.
        session.screen.errors.print(f"left to the next run: {error}", markup=False)
        return WAITING
