"""The same call by BentoML; `bentoml serve service:Verify`.

`PEER_MODE`: `sync` runs the work in BentoML's pool of threads, `async` on the event loop, and
`batched` puts BentoML's adaptive batching before the graph, in a service of its own as its
documentation has it. `PEER_THREADS` is the size of the pool. Its metrics and access log are off.
"""

import os

import bentoml
import numpy as np
from encoder import Encoder
from PIL.Image import Image

MODE = os.environ.get("PEER_MODE", "sync")
QUIET = {"logging": {"access": {"enabled": False}}, "metrics": {"enabled": False}}
Answer = dict[str, float | bool]


@bentoml.service(workers=1, **QUIET)
class Compare:
    """The graph, behind adaptive batching."""

    def __init__(self) -> None:
        self.encoder = Encoder()

    @bentoml.api(batchable=True, max_batch_size=16, max_latency_ms=1000)
    def compare(self, pairs: np.ndarray) -> list[Answer]:
        """The answer for each pair, uint8 (n, 2, height, width, channels)."""
        return self.encoder.compare(pairs)


class Direct:
    """Two images to one answer, in one process."""

    def __init__(self) -> None:
        self.encoder = Encoder()

    def answer(self, image1: Image, image2: Image) -> Answer:
        """Decode, embed and compare."""
        pair = np.stack([self.encoder.fit(image1), self.encoder.fit(image2)])
        return self.encoder.compare(pair[None])[0]


class Sync(Direct):
    """In the pool of threads."""

    @bentoml.api(route="/verify")
    def verify(self, image1: Image, image2: Image) -> Answer:
        """Compare two images."""
        return self.answer(image1, image2)


class Async(Direct):
    """On the event loop."""

    @bentoml.api(route="/verify")
    async def verify(self, image1: Image, image2: Image) -> Answer:
        """Compare two images."""
        return self.answer(image1, image2)


class Batched:
    """Decode here, and let the batches of another process be compared."""

    compare = bentoml.depends(Compare)

    def __init__(self) -> None:
        self.encoder = Encoder()

    @bentoml.api(route="/verify")
    async def verify(self, image1: Image, image2: Image) -> Answer:
        """Compare two images."""
        pair = np.stack([self.encoder.fit(image1), self.encoder.fit(image2)])
        return (await self.compare.to_async.compare(pair[None]))[0]


Chosen = {"sync": Sync, "async": Async, "batched": Batched}[MODE]
Verify = bentoml.service(
    Chosen, name="Verify", workers=1, threads=int(os.environ.get("PEER_THREADS", "1")), **QUIET
)
