"""Sends notices to where people and programs read them."""
