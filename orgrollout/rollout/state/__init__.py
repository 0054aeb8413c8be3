"""Where a rollout stands, and the values that go into a decision and come out of one."""
