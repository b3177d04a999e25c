"""The same call by BentoML; `bentoml serve service:Verify`.

`PEER_MODE`: `sync` runs the work in BentoML's pool of threads, `async` on the event loop, and
`batched` puts BentoML's adaptive batching before the graph, in a separate service as its
documentation recommends. `PEER_THREADS` is the size of the pool. Metrics and access log are off.
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
        """Return the answer for each pair, uint8 (n, 2, height, width, channels)."""
        return self.encoder.compare(pairs)


class Direct:
    """Decoding and comparing in one process."""

    def __init__(self) -> None:
        self.encoder = Encoder()

    def answer(self, image1: Image, image2: Image) -> Answer:
        """Decode, embed and compare."""
        pair = np.stack([self.encoder.fit(image1), self.encoder.fit(image2)])
        return self.encoder.compare(pair[None])[0]


class Sync(Direct):
    """Work in the pool of threads."""

    @bentoml.api(route="/verify")
    def verify(self, image1: Image, image2: Image) -> Answer:
        """Compare two images."""
        return self.answer(image1, image2)


class Async(Direct):
    """Work on the event loop."""

    @bentoml.api(route="/verify")
    async def verify(self, image1: Image, image2: Image) -> Answer:
        """Compare two images."""
        return self.answer(image1, image2)


class Batched:
    """Decodes here, and compares in batches in another process."""

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
