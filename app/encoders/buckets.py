"""Runs of a graph in one thread, on batches of a few sizes, each in a session with bound memory.

For CUDA: a session plans its convolutions again whenever the batch size changes (ONNX Runtime issue
23006), which takes far longer than the run; runs from several threads have given wrong results and
hold memory for each thread (issues 15154 and 6181); and memory that is not bound is allocated again
in each run. So batches are padded to the next of a few sizes, each size has a session of its own
that is run once before the first request, and inputs stay in the same device memory. Nothing here
depends on CUDA: the tests run it on the CPU.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class Buckets:
    """Runner of a graph whose inputs and single output have a free batch axis.

    Attributes:
        sizes: The batch sizes, in ascending order.
    """

    def __init__(self, sessions: Mapping[int, onnxruntime.InferenceSession], device: str) -> None:
        """Use the sessions of one graph.

        Args:
            sessions: One for each batch size; more rows than the largest are run in several pieces.
            device: Device of the inputs: `cuda` or `cpu`.
        """
        self._sessions, self._device = sessions, device
        self.sizes = sorted(sessions)
        any_session = sessions[self.sizes[0]]
        self._names = [node.name for node in any_session.get_inputs()]
        self._output = any_session.get_outputs()[0].name
        self._inputs: dict[int, list[Any]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="device")

    def warm(self, *rows: NDArray[Any]) -> None:
        """Run every size once.

        Args:
            rows: One row for each input, (1, …), of the input's type.
        """
        for size in self.sizes:
            self.run(*(np.repeat(row, size, axis=0) for row in rows))

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        """Run the graph on rows and return its output, (n, …). Waits for runs before it.

        Args:
            inputs: The graph's inputs in order, (n, …) each.
        """
        answer: NDArray[Any] = self._thread.submit(self._run_pieces, inputs).result()
        return answer

    def _run_pieces(self, inputs: tuple[NDArray[Any], ...]) -> NDArray[Any]:
        max_rows, count = self.sizes[-1], len(inputs[0])
        edges = [*range(0, count, max_rows), count]
        pieces = [self._run_piece([a[low:high] for a in inputs]) for low, high in pairwise(edges)]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _run_piece(self, inputs: list[NDArray[Any]]) -> NDArray[Any]:
        count = len(inputs[0])
        size = next(size for size in self.sizes if size >= count)
        session = self._sessions[size]
        binding = session.io_binding()
        for name, value, array in zip(self._names, self._values(size, inputs), inputs, strict=True):
            value.update_inplace(_padded(array, size))
            binding.bind_ortvalue_input(name, value)
        binding.bind_output(self._output, self._device)
        session.run_with_iobinding(binding)
        # Copy while the binding is alive: on the CPU the array shares the output's memory.
        return np.array(binding.get_outputs()[0].numpy()[:count])

    def _values(self, size: int, inputs: list[NDArray[Any]]) -> list[Any]:
        """Return the device memory of the inputs of that size; allocated once."""
        if size not in self._inputs:
            self._inputs[size] = [
                # Not made from an array, whose memory it would share.
                onnxruntime.OrtValue.ortvalue_from_shape_and_type(
                    (size, *array.shape[1:]), array.dtype, self._device, 0
                )
                for array in inputs
            ]
        return self._inputs[size]


def bucket_sizes(max_rows: int) -> tuple[int, ...]:
    """Return 1, 4, 16, … up to `max_rows`, which is always the last.

    The sizes are few, since each has a session with memory of its own; a run is padded to less than
    four times its rows, which costs a GPU little.
    """
    below = (4**power for power in range(max_rows.bit_length()) if 4**power < max_rows)
    return (*below, max_rows)


def _padded(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Pad rows to a size by repeating the last one."""
    missing = size - len(array)
    rows = np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array
    return np.ascontiguousarray(rows)
