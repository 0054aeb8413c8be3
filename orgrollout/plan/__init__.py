"""Desired against deployed, pair by pair, becomes operations in waves."""
