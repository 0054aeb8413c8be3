"""What a person is told who waits for an answer of AWS."""

from datetime import timedelta

from orgrollout.aws.transport.waiting import Waiting
from orgrollout.report.layout.words import count, span

_ERRORS = {
    "ReadTimeoutError": "no answer in time",
    "ConnectTimeoutError": "no connection in time",
    "EndpointConnectionError": "no connection",
    "ProxyConnectionError": "no connection to the proxy",
    "ConnectionClosedError": "the connection was closed",
    "ResponseParserError": "an answer that cannot be read",
}


def waiting_words(waiting: Waiting) -> str:
    """Return what is waited for, where, for how long, and the how-manieth attempt it is."""
    where = f" in {waiting.where}" if waiting.where else ""
    many = f" of {waiting.attempts}" if waiting.attempts else ""
    before = _ERRORS.get(waiting.error, waiting.error)
    attempt = f", attempt {waiting.attempt}{many}" if waiting.attempts else ""
    error = f" (the last one: {before})" if before else ""
    others = f"; {count(waiting.others, 'other call')} without an answer" if waiting.others else ""
    return f"waiting for {waiting.what}{where}: {span(waiting.waited)}{attempt}{error}{others}"


def skew_words(ahead: timedelta) -> str:
    """Return what to say of a clock that is ahead of AWS's, or behind where it is negative."""
    if not ahead:
        return "the clock of this machine agrees with AWS's again"
    side = "ahead of" if ahead > timedelta() else "behind"
    return (
        f"the clock of this machine is {span(abs(ahead))} {side} AWS's: soaks, freezes, windows, "
        "approvals and pauses go by AWS's time. Set the clock; beyond 5 minutes AWS refuses calls."
    )
