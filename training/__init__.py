"""Offline training: from a folder of identities to a bundle with a calibrated decision.

Read it in the order of the work: `cli` → `config` → `data` → `fit` → `export` → `evaluation`.
"""

import model.no_telemetry  # noqa: F401 (must precede the import of ONNX Runtime)
