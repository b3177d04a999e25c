"""A network that finds where things are, trained without labels from pictures that are aligned."""
