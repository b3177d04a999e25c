"""Request bodies: received within bounds, parsed, and turned into images and parameters."""
