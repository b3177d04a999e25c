"""The configuration of a run: schema, overrides, variants, targets."""
