"""What a topic sends to HTTP endpoints is dropped: moto would really send it, off this machine."""

from typing import Any

from moto.sns.models import Subscription

_WEB = frozenset({"http", "https"})
_deliver = Subscription.publish


def _publish(subscription: Subscription, *args: Any, **kwargs: Any) -> None:
    if subscription.protocol not in _WEB:
        _deliver(subscription, *args, **kwargs)


def install() -> None:
    """Let moto deliver to queues and functions alone."""
    Subscription.publish = _publish  # type: ignore[assignment]
