"""Fit of a bundle's domain check on its calibration images (see `model.domain`)."""
