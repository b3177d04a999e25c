"""Offline training: a folder of identities in, a bundle with a measured, calibrated decision out.

Read it in the order of the work: `cli` → `config` → `data` → `trainer` → `export` → `evaluation`.
"""

import model.no_telemetry  # noqa: F401 (before ONNX Runtime is imported, or it is too late)
