"""The served models, and their reload while serving."""
