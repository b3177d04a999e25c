"""The service: bundles in, decisions over REST out. It runs on ONNX Runtime and never on torch."""

import os

import model.no_telemetry  # noqa: F401 (before ONNX Runtime is imported, or it is too late)

# The products of the domain check are small: threads of numpy's own would wait for each other on
# the cores that the service's threads use. It reads the variable when it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
