"""The gateways that were compared: their configurations, and how each is run."""
