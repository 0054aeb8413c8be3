"""Who changed what a finding is about: from events of CloudTrail to an answer. Pure."""
