"""The optimisers that a config may name: one per file."""
