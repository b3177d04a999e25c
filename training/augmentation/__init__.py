"""How a training image is varied before the network sees it: one augmentation per file."""
