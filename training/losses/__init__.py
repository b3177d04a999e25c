"""The losses: one per file. Each maps (embeddings, identities) to a scalar, or of pair models (energies, labels)."""
