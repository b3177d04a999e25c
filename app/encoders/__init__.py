"""What turns images into embeddings: the port, and its ONNX Runtime adapter."""
