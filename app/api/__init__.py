"""HTTP: the routes, the reading of bodies, and the one translation of errors into problems."""
