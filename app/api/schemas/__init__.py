"""Schemas of the answers."""
