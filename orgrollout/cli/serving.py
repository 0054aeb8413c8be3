"""`sandbox serve`: a simulated organization on a port, for any AWS tool."""

from orgrollout.cli.errors import DONE, SandboxUnavailableError, WrongUsageError
from orgrollout.cli.sandboxes import must_be_installed, organization_file, sandbox_errors
from orgrollout.cli.screen import Screen


def serve(file: str, *, port: int, speed: float) -> int:
    """Answer until Ctrl-C, until nobody has asked for long, or until told to stop."""
    if speed <= 0:
        raise WrongUsageError(f"--speed {speed:g}: time runs forwards; give a positive number.")
    screen = Screen()
    must_be_installed()
    with sandbox_errors():
        from orgrollout.sandbox import ScaledClock  # noqa: PLC0415 - an extra, and slow to import
        from orgrollout.sandbox import serve as start  # noqa: PLC0415

        try:
            server = start(organization_file(file), port=port, clock=ScaledClock(speed))
        except OSError as error:
            raise SandboxUnavailableError(
                f"port {port} cannot be used: {error.strerror or error}. Choose another with "
                "--port, or 0 for any free one."
            ) from error
    with server:
        screen.say(f"A simulated organization at {server.endpoint}, {speed:g} times real time.")
        screen.say("In another terminal:")
        for name, value in server.environment().items():
            screen.raw(f"export {name}={value}")
        screen.say("Ctrl-C ends it.")
        try:
            server.wait()
        except KeyboardInterrupt:
            screen.say("Ended.")
    return DONE
