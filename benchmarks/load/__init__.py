"""Load generators: wrk at saturation, an open loop at a steady rate, counting clients."""
