"""Carries experiments out: reads where they may run, sends what they ask for, takes all away."""
