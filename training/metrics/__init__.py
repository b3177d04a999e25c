"""Error rates, operating points and likelihood ratios of energies, without networks or files."""
