"""Data sets: from a path to identities and their images, decoded, split and drawn from."""
