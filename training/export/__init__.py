"""Export of a run as a bundle, and new bundles made of a bundle."""
