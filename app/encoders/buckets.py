"""A graph run in one thread, on batches of a few sizes, each in a session with bound memory.

For CUDA: a session plans its convolutions anew whenever the batch is of another size than the last
one (ONNX Runtime issue 23006), which takes far longer than the run; runs from several threads have
given wrong results and hold memory for each thread (issues 15154 and 6181); and memory that is not
bound is allocated anew in each run. So batches are padded to the next of a few sizes, each size has
a session that never sees another and is run once before the first request, and inputs keep their
place on the device. Nothing here knows CUDA: the tests run it on the CPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class Buckets:
    """Runs a graph whose inputs and one output have a free batch axis.

    Attributes:
        sizes: The batch sizes that it runs, rising.
    """

    def __init__(self, sessions: Mapping[int, onnxruntime.InferenceSession], device: str) -> None:
        """Take over sessions of one graph.

        Args:
            sessions: One for each batch size; more rows than the largest are run in several turns.
            device: Where inputs are kept: `cuda` or `cpu`.
        """
        self._sessions, self._device = sessions, device
        self.sizes = sorted(sessions)
        any_of_them = sessions[self.sizes[0]]
        self._names = [node.name for node in any_of_them.get_inputs()]
        self._output = any_of_them.get_outputs()[0].name
        self._inputs: dict[int, list[Any]] = {}
        self._turns = ThreadPoolExecutor(1, thread_name_prefix="device")

    def warm(self, *rows: NDArray[Any]) -> None:
        """Run every size once.

        Args:
            rows: One row for each input, (1, …), of the type that will come.
        """
        for size in self.sizes:
            self.run(*(np.repeat(row, size, axis=0) for row in rows))

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        """The output for some rows, (n, …); waits for its turn.

        Args:
            inputs: The graph's inputs in order, (n, …) each.
        """
        answer: NDArray[Any] = self._turns.submit(self._in_pieces, inputs).result()
        return answer

    def _in_pieces(self, inputs: tuple[NDArray[Any], ...]) -> NDArray[Any]:
        most, count = self.sizes[-1], len(inputs[0])
        edges = [*range(0, count, most), count]
        pieces = [self._piece([a[low:high] for a in inputs]) for low, high in pairwise(edges)]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _piece(self, inputs: list[NDArray[Any]]) -> NDArray[Any]:
        count = len(inputs[0])
        size = next(size for size in self.sizes if size >= count)
        session = self._sessions[size]
        binding = session.io_binding()
        for name, place, array in zip(self._names, self._places(size, inputs), inputs, strict=True):
            place.update_inplace(_padded(array, size))
            binding.bind_ortvalue_input(name, place)
        binding.bind_output(self._output, self._device)
        session.run_with_iobinding(binding)
        # A copy, made while the binding lives: on the CPU the array is the output's own memory.
        return np.array(binding.get_outputs()[0].numpy()[:count])

    def _places(self, size: int, inputs: list[NDArray[Any]]) -> list[Any]:
        """The device memory of the inputs of that size; made once."""
        if size not in self._inputs:
            self._inputs[size] = [
                # Of its own: one made from an array would be that array's memory.
                onnxruntime.OrtValue.ortvalue_from_shape_and_type(
                    (size, *array.shape[1:]), array.dtype, self._device, 0
                )
                for array in inputs
            ]
        return self._inputs[size]


def bucket_sizes(most: int) -> tuple[int, ...]:
    """1, 4, 16, … up to `most`, which is always the last.

    Few, for each is a session with its memory; a run is padded to less than four times its rows,
    which a GPU hardly notices.
    """
    below = (4**power for power in range(most.bit_length()) if 4**power < most)
    return (*below, most)


def _padded(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Rows up to a size, filled with the last one."""
    missing = size - len(array)
    rows = np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array
    return np.ascontiguousarray(rows)
