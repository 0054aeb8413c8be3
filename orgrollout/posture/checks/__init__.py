"""One module per posture check. A new module here is a new check; nothing else names it."""
