"""Run by test_decoding_cost.py: the peaks of decoding files, as the kernel counts them.

Takes the number of channels and files; prints a line of JSON for each: its cost as it is computed,
and the growth of VmHWM in bytes.
"""

import contextlib
import ctypes
import json
import re
import sys
from pathlib import Path

from model.errors import ImageError
from model.manifest import InputSpec
from model.preprocessing import ImageLimits, preprocess
from tests.fakes import photo

costs = []


@contextlib.contextmanager
def hold(cost):
    costs.append(cost)
    yield


def memory(field):
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) * 1024


def measure(data, spec):
    """Decode once; nothing that an earlier file left free may hide what this one takes."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before, error = memory("VmRSS"), None
    try:
        preprocess(data, spec, ImageLimits(10**9, 10**9, hold))
    except ImageError as refused:
        error = str(refused)
    return {"peak": memory("VmHWM") - before, "cost": costs[-1], "error": error}


def main():
    channels, *paths = sys.argv[1:]
    spec = InputSpec(width=144, height=144, channels=int(channels), aspect="crop")
    libc = ctypes.CDLL(None)
    libc.mallopt(-3, 1 << 20)  # Large pieces go back to the kernel at once.
    preprocess(photo(1), spec, ImageLimits(hold=hold))
    for path in paths:
        print(json.dumps(measure(Path(path).read_bytes(), spec)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
