"""The service: bundles in, decisions over REST out. It runs on ONNX Runtime and never on torch."""

import model.no_telemetry  # noqa: F401 (before ONNX Runtime is imported, or it is too late)
