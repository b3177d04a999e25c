"""The models that are served, and their reload while serving."""
