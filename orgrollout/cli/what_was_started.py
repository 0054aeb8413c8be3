"""What an error cannot know: what was started, by the journal, and which journal that is."""

from contextlib import suppress

from orgrollout.errors import OrgRolloutError
from orgrollout.journal.port import Journal
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.rollout.state.state import RolloutState


def add_what_was_started(error: OrgRolloutError, journal: Journal, options: str) -> None:
    """Note on an error which rollouts are open, what they started, and the ways on."""
    with suppress(OrgRolloutError):  # a journal that cannot be read says so where it is needed
        for summary in summaries(journal):
            if not summary.phase.is_over:
                error.add_note(_note(load_rollout(journal, summary.id).state, options))


def _note(state: RolloutState, options: str) -> str:
    name = f"{state.id}{options}"
    sent = ", ".join(each.id for each in state.in_flight)
    under_way = f"{len(state.in_flight)} under way or about to be sent ({sent})" if sent else ""
    counts = [f"{len(state.completed)} ended", under_way or "none under way"]
    return (
        f"By the journal, {state.id} is open. Of its operations {', '.join(counts)}.\n"
        f"-> `orgrollout status {name}` shows what the journal has, also while AWS does not "
        f"answer; `orgrollout resume {name}` goes on, `orgrollout stop {name}` stops it. Where AWS "
        f"keeps refusing both, `orgrollout unlock {name} --force` sets its stack sets free; what "
        "was started goes on in AWS."
    )


def where_it_was_sought(
    journal: str, options: str, loaded: LoadedManifest | None, *, forgets: bool
) -> str:
    """Return which journal has no such rollout, why another may have it, and the ways on."""
    if forgets:
        return (
            "The organization is simulated inside this command, and its journal began empty.\n"
            "-> `orgrollout sandbox start` keeps one for several commands, and `--sandbox` uses it."
        )
    manifest = f" {loaded.argument}" if loaded else ""  # without: the one in the folder
    return (
        f"The journal is {journal}. Each account, home Region and endpoint has one of its own: "
        "with another --profile, --home-region, --sandbox or --journal it is another one.\n"
        f"-> `orgrollout rollouts{options}` lists what is in it; "
        f"`orgrollout apply{manifest}{options}` begins a rollout."
    )
