"""Opt-out of ONNX Runtime's telemetry, from the first import on.

Its official builds report to Microsoft by default (since 1.29 on Linux too: process,
machine, model, errors), beginning when it is imported, and keep a device id and a queue of events
in the home folder. `app` and `training` import this module before anything of theirs is loaded, and
their child processes inherit it. A value that the operator has set is kept.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
