"""Run folders, and the provenance of what they hold."""
