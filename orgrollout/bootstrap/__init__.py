"""Beginnings: manifests to start from, and what an organization needs first. Text, nothing sent."""
