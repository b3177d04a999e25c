"""The service: bundles in, decisions over REST out. It runs on ONNX Runtime and never on torch."""
