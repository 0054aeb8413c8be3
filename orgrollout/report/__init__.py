"""Plans, rollouts and coverage as text and JSON."""
