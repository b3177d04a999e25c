"""The encoders G_W, and the networks of pairs E_W: one per file, each from one paper or idea."""
