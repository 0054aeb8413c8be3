"""What would fail, before it does: facts in, findings out. Nothing is read or changed here."""
