"""Further graphs of a bundle's encoder: their files, and the weights that they share."""
