"""The same call by LitServe.

Settings: `PEER_BATCH`, the largest batch; `PEER_FAST_QUEUE=1`, ZeroMQ between server and worker;
`PEER_WORKERS`, processes that run the graph. LitServe reads the annotations as objects, so they
must not be strings.
"""

import os
from typing import Any

import litserve
import numpy as np
from encoder import Encoder
from fastapi import Request

BATCH = int(os.environ.get("PEER_BATCH", "1"))


class Verify(litserve.LitAPI):
    """Decodes two images, and compares them."""

    def setup(self, device: str) -> None:
        """Load the graph, in the worker."""
        del device
        self.encoder = Encoder()

    def decode_request(self, request: Request) -> Any:  # noqa: ANN401 (an array)
        """Return the two images of a form."""
        return np.stack([self.encoder.decode(request[name].file) for name in ("image1", "image2")])

    def predict(self, images: Any) -> Any:  # noqa: ANN401 (an array, or a batch of them)
        """Return the answer, or the answers of a batch."""
        return self.encoder.compare(images) if BATCH > 1 else self.encoder.compare(images[None])[0]

    def unbatch(self, output: Any) -> Any:  # noqa: ANN401 (a list)
        """Split a batch into answers."""
        return list(output)

    def encode_response(self, output: dict[str, float | bool]) -> dict[str, float | bool]:
        """Return the answer unchanged."""
        return output


if __name__ == "__main__":
    api = Verify(max_batch_size=BATCH, batch_timeout=0.0, api_path="/verify")
    server = litserve.LitServer(
        api,
        accelerator="cpu",
        workers_per_device=int(os.environ.get("PEER_WORKERS", "1")),
        fast_queue=os.environ.get("PEER_FAST_QUEUE") == "1",
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PEER_PORT"]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
        access_log=False,
    )
