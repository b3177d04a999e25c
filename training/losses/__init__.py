"""The losses: one per file. Each maps (embeddings, identities) to a scalar.

Those of pair models map (energies, labels): see `training.learning`.
"""
