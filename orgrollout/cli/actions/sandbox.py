"""Simulated organizations on a port, for any AWS tool, and the files they are made from."""

import os
from collections.abc import Mapping
from pathlib import Path

from orgrollout.cli.errors import DONE, SandboxUnavailableError, WrongUsageError
from orgrollout.cli.sandboxes import (
    environment,
    must_be_installed,
    organization_file,
    sandbox_errors,
    state_folder,
)
from orgrollout.cli.terminal.files import create_file, is_there
from orgrollout.cli.terminal.screen import Screen
from orgrollout.cli.terminal.waiting import waits_told_on
from orgrollout.manifest.behaviour import read_behaviour
from orgrollout.model.behaviour import Value

TOKEN = "ORGROLLOUT_SANDBOX_TOKEN"  # noqa: S105 - the variable that holds it
"""What a server's control paths ask for (see docs/sandbox.md)."""


def start(file: str, *, port: int, speed: float, behaviour: Path | None) -> int:
    """Start one in the background, and tell how to use it."""
    _must_run_forwards(speed)
    screen = Screen()
    must_be_installed()
    settings = _settings(behaviour)
    with sandbox_errors():
        from orgrollout.sandbox.server import background  # noqa: PLC0415 - an extra, and slow to import

        found = background.start(
            state_folder(),
            organization_file(file),
            speed=speed,
            port=port,
            behaviour=settings,
        )
        variables = {**found.client().environment(), TOKEN: found.token}
    screen.say(f"A simulated organization at {found.endpoint}, {speed:g} times real time.")
    screen.say("`--sandbox` uses it from now on; other tools do with:")
    for name, value in variables.items():
        screen.raw(f"export {name}={value}")
    screen.say("It ends after 30 idle minutes, or by `orgrollout sandbox stop`.")
    return DONE


def stop() -> int:
    """Stop the one in the background; none is fine."""
    screen = Screen()
    must_be_installed()
    with sandbox_errors():
        from orgrollout.sandbox.server import background  # noqa: PLC0415 - an extra, and slow to import

        stopped = background.stop(state_folder())
    screen.say("Stopped." if stopped else "No sandbox was running.")
    return DONE


def init(
    out: Path | None, *, from_aws: bool, anonymize: bool, profile: str | None, region: str | None
) -> int:
    """Write an organization file. One that exists is left alone."""
    if anonymize and not from_aws:
        raise WrongUsageError("--anonymize goes with --from-aws: the starter has no real names.")
    if out is not None and is_there(out):
        raise WrongUsageError(f"{out} exists, and was left alone. Choose another name.")
    screen = Screen()
    must_be_installed()
    chosen = {"AWS_PROFILE": profile, "AWS_DEFAULT_REGION": region}
    given = {name: value for name, value in chosen.items() if value is not None}
    with sandbox_errors(), environment(given):
        from orgrollout.sandbox.organization import from_aws as reader  # noqa: PLC0415 - an extra
        from orgrollout.sandbox.organization import starter  # noqa: PLC0415

        with waits_told_on(screen).on("what the organization is made of", at_once=True):
            described = reader.organization_from_aws(anonymize=anonymize) if from_aws else None
    text = described or starter.starter()
    if out is None:
        screen.raw(text.rstrip("\n"))
    else:
        create_file(out, text.encode())
        screen.say(f"Wrote {out}. Rehearse in it: orgrollout sandbox start {out}")
    return DONE


def serve(file: str, *, port: int, speed: float, behaviour: Path | None) -> int:
    """Answer until Ctrl-C, until no request came for long, or until told to stop."""
    _must_run_forwards(speed)
    screen = Screen()
    must_be_installed()
    settings = _settings(behaviour)
    with sandbox_errors():
        from orgrollout.sandbox import ScaledClock  # noqa: PLC0415 - an extra, and slow to import
        from orgrollout.sandbox import serve as start  # noqa: PLC0415

        try:
            token = os.environ.get(TOKEN) or None
            clock = ScaledClock(speed)
            server = start(
                organization_file(file), port=port, clock=clock, token=token, behaviour=settings
            )
        except OSError as error:
            raise SandboxUnavailableError(
                f"port {port} cannot be used: {error.strerror or error}. Choose another with "
                "--port, or 0 for any free one."
            ) from error
    with server:
        screen.say(f"A simulated organization at {server.endpoint}, {speed:g} times real time.")
        screen.say("In another terminal:")
        for name, value in {**server.environment(), TOKEN: server.token}.items():
            screen.raw(f"export {name}={value}")
        screen.say("Ctrl-C ends it.")
        try:
            server.wait()
        except KeyboardInterrupt:
            screen.say("Ended.")
    return DONE


def _settings(behaviour: Path | None) -> Mapping[str, Value]:
    """Return how a sandbox is to behave: as a file of `confirm` says, if one is named.

    Raises:
        ManifestError: It is no such file.
    """
    if behaviour is None:
        return {}
    from orgrollout.sandbox import Settings  # noqa: PLC0415 - an extra, and slow to import

    names = {note.name for note in Settings.notes()}
    return {k: v for k, v in read_behaviour(behaviour).values.items() if k in names}


def _must_run_forwards(speed: float) -> None:
    if speed <= 0:
        raise WrongUsageError(f"--speed {speed:g}: time runs forwards; give a positive number.")
