"""Losses, one per file. Each maps (embeddings, identities) to a scalar.

Those of pair models map (energies, labels): see `training.fit.objective`. A loss declares which it
reads, and whether rows 2k and 2k + 1 have to be a pair: see `training.fit.loss_compatibility`.
"""
