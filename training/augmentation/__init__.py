"""Augmentations, one per file: random variations of the training images."""
