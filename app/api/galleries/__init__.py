"""The calls of the galleries."""
