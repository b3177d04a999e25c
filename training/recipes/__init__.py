"""Recipes of public encoders, a file each: see `training.adoption.recipe`."""
