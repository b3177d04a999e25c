"""Run by test_decoding_cost.py: the peaks of decoding files, as the kernel counts them.

Takes the number of channels, or `located`, and files; prints a line of JSON for each: its cost as
it is computed, and the growth of VmHWM in bytes. `located` also searches each picture at the
largest sides, and cuts the largest crop out.
"""

import contextlib
import ctypes
import json
import re
import sys
from pathlib import Path

import numpy as np

from model.errors import ImageError
from model.locating.locator import Locator
from model.manifest import InputSpec
from model.preprocessing import ImageLimits, preprocess, preprocess_located
from tests import locators
from tests.fakes import photo

costs = []


@contextlib.contextmanager
def hold(cost):
    costs.append(cost)
    yield


def memory(field):
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) * 1024


class LargestLocator:
    """A locator of the largest sides, which finds the whole picture, turned by an eighth."""

    def __init__(self):
        fields = {"sides": (512, 1024), "refine_side": 1024}
        self.locator = Locator(locators.make_spec(locators.locator_graph(), **fields), self.find)

    def find(self, pictures):
        found = np.zeros((1, 8, 5), np.float32)
        height, width = pictures.shape[1:3]
        found[0, 0] = 1, width / 2, height / 2, width / 3, height / 3
        return found

    def __call__(self, data, spec, limits):
        preprocess_located(data, spec, self.locator, limits=limits)


def measure(data, spec, decode):
    """Decode once; nothing that an earlier file left free may hide what this one takes."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before, error = memory("VmRSS"), None
    try:
        decode(data, spec, ImageLimits(10**9, 10**9, hold))
    except ImageError as refused:
        error = str(refused)
    return {"peak": memory("VmHWM") - before, "cost": costs[-1], "error": error}


def main():
    mode, *paths = sys.argv[1:]
    is_located = mode == "located"
    side, channels = (1024, 3) if is_located else (144, int(mode))
    spec = InputSpec(width=side, height=side, channels=channels, aspect="crop")
    decode = LargestLocator() if is_located else preprocess
    libc = ctypes.CDLL(None)
    libc.mallopt(-3, 1 << 20)  # Large pieces go back to the kernel at once.
    decode(photo(1), spec, ImageLimits(hold=hold))
    for path in paths:
        print(json.dumps(measure(Path(path).read_bytes(), spec, decode)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
