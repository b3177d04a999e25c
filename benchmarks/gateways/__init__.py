"""The compared gateways: their configurations and their containers."""
