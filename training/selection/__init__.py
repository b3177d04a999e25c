"""Choice among the candidates of a config by cross-validation over identities, within minutes."""
