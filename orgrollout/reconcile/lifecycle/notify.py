"""Tells people and programs outside what happened, and notes in the journal that it did.

A destination is told at least once, and as a rule exactly once: a process that is about to tell
notes that first, and others leave it alone. If it is killed in between, the next one tells.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress

from orgrollout.aws.notifications.send import send
from orgrollout.drift.finding import FindingKind
from orgrollout.drift.findings import Findings
from orgrollout.drift.notice import drift_notice
from orgrollout.errors import AwsError
from orgrollout.journal.errors import JournalError
from orgrollout.manifest.schema import Manifest
from orgrollout.model.notice import Destination, Notice, NoticeEvent
from orgrollout.plan.model.notify import destinations_of
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.notices import forget_notices, note_notice
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.rollout.decide.notice import notice_of
from orgrollout.rollout.state.view import RolloutView

Warn = Callable[[str], None]


def tell_of_rollout(rollout: Rollout, context: Context, warn: Warn) -> None:
    """Tell the destinations of its plan that a rollout halted or finished, if it did.

    What cannot be told is a warning: the rollout is what it is.
    """
    notice = notice_of(RolloutView(rollout.plan, rollout.state))
    if notice is not None:
        _tell(rollout.plan.destinations, notice, context, warn)


def tell_of_drift(
    manifest: Manifest, found: Findings, context: Context, warn: Warn, occasion: str = ""
) -> None:
    """Tell the destinations of a manifest that there is drift; the same findings are told once.

    On another ``occasion`` they are told again.

    Where there is none any more, the next time is told again, whatever it is. Where something was
    not looked at, it is not known that there is none.
    """
    destinations = destinations_of(manifest)
    notice = drift_notice(manifest.name, found.real, occasion)
    if notice is not None:
        _tell(destinations, notice, context, warn)
    elif _is_clean(manifest, found) and any(NoticeEvent.DRIFT.value in t.on for t in destinations):
        try:
            forget_notices(context.journal, f"{manifest.name}/drift")
        except (AwsError, JournalError) as error:
            warn(f"what was told of drift is not forgotten: {error}")


def _is_clean(manifest: Manifest, found: Findings) -> bool:
    """Return whether everything was looked at; without a role posture never is, and is not told."""
    looks_in_accounts = manifest.drift.probe_role or manifest.drift.resync_role
    kinds = {kind for kind in FindingKind if looks_in_accounts or kind is not FindingKind.POSTURE}
    return found.is_complete and kinds <= found.kinds


def _tell(
    destinations: Iterable[Destination], notice: Notice, context: Context, warn: Warn
) -> None:
    for destination in destinations:
        if notice.event.value not in destination.on:
            continue
        try:
            if not _note(notice, destination, context, told=False):
                continue
            send(context.connection, destination, notice)
        except (AwsError, JournalError) as error:
            warn(f"{destination.name} was not told that {notice.subject}. {error}")
            continue
        with suppress(AwsError, JournalError):  # it is told once more, later
            _note(notice, destination, context, told=True)


def _note(notice: Notice, destination: Destination, context: Context, *, told: bool) -> bool:
    """Note that this process is about to tell, or has; False: another process tells.

    Raises:
        JournalError: It could not be written.
    """
    return note_notice(
        context.journal,
        notice.about,
        f"{notice.key} {destination.name}",
        now=context.clock.now(),
        holder=context.holder,
        told=told,
    )
