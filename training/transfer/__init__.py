"""Transfer of trained weights: initial weights, and a teacher's embeddings."""
