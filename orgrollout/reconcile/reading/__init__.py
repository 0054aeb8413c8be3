"""Reads the organization and what is deployed, in as few calls as tell the truth."""
