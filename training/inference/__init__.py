"""Inference over many images, in PyTorch and in ONNX Runtime."""
