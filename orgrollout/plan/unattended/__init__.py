"""Plans for runs without a person: what is allowed is carried out, the rest is reported."""
