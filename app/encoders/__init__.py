"""What turns images into embeddings, and pairs into energies: ports and ONNX Runtime adapters."""
