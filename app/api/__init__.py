"""HTTP: routes, request bodies, middleware, and the translation of errors into problems."""
