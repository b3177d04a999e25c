"""The service: bundles in, decisions over REST out. It runs on ONNX Runtime and never on torch."""

import model.no_telemetry
import model.one_numpy_thread  # noqa: F401 (before numpy is imported)
