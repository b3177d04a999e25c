"""Parameters of the calls: which there are, and which go together."""
