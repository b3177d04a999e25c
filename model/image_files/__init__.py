"""Image files: their formats and pixel types, and the names of other kinds of files."""
