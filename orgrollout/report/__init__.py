"""What people and programs are shown: pure views of plans, rollouts and coverage."""
