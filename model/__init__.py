"""The contract between training and service: bundle format, preprocessing and scoring.

`training` writes bundles, `app` serves them, and this package is all that the two share. It needs
numpy, Pillow and pydantic, and nothing heavier.
"""
