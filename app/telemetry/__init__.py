"""What the service tells of itself while it runs: numbers for Prometheus, and traces."""
