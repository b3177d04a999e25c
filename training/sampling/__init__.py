"""How an epoch is drawn from the training images: one sampler per file."""
