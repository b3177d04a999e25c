"""The encoders G_W: one network per file, each from one paper or idea."""
