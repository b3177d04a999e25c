"""Adoption of an encoder that others trained: an ONNX file in, a calibrated bundle out."""
