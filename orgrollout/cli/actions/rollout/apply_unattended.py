"""`apply --unattended`: for cron and CI. Only what is allowed is carried out."""

from collections.abc import Iterable

from orgrollout.cli.actions.rollout.apply import carry_out, left_to_next_run
from orgrollout.cli.actions.rollout.earlier_jobs import EarlierJobs, OwnJob, finish_earlier_jobs
from orgrollout.cli.actions.rollout.plan import load_asked, request_of
from orgrollout.cli.actions.rollout.saved_plan import Options, read_saved
from orgrollout.cli.errors import DONE, PENDING, WrongUsageError
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.operation import OperationAction
from orgrollout.plan.build.request import Request
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.unattended.allowed_actions import AllowedActions
from orgrollout.plan.unattended.rules import rules_of
from orgrollout.plan.unattended.select import plan_unattended
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.lifecycle.unfinished_creations import unfinished_creations
from orgrollout.report.plan.as_text import plan_blocks
from orgrollout.rollout.still_wanted import Desired, UnattendedJob


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
        may = UnattendedJob(actions=actions, rollout_rules=rules_of(loaded.manifest.rollout))
        earlier, request = _after_earlier_jobs(asked, loaded, session, may, detach=detach)
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
    asked: Options, loaded: LoadedManifest, session: Session, may: UnattendedJob, *, detach: bool
) -> tuple[EarlierJobs, Request]:
    """Return what became of earlier jobs, and what is to be planned after that."""
    known: list[Request] = []

    def wanted() -> Desired:
        if not known:
            known.append(request_of(asked, loaded, session))
        return known[0].desired

    own = OwnJob(may=may, narrowed=not asked.narrow.is_empty, wanted=wanted, detach=detach)
    earlier = finish_earlier_jobs(loaded, session, own)
    is_still_so = bool(known) and not earlier.drove
    request = known[0] if is_still_so else request_of(asked, loaded, session)
    return earlier, request.compared()


def _carried_out(
    made: Plan, session: Session, earlier: EarlierJobs, *, detach: bool, wait: bool
) -> int:
    try:
        return carry_out(made, session, detach=detach, wait=wait, besides=earlier.json)
    except OpenRolloutError as error:
        return left_to_next_run(made, session, error, earlier.json)
