"""Measurements of bulk work."""
