"""The calls of the galleries, and their answers."""
