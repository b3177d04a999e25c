"""Encoders of images and scorers of pairs: the ports and their ONNX Runtime adapters."""
