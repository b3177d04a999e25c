"""Networks, one per file: encoders G_W, and networks of pairs E_W."""
