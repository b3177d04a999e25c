"""A plain FastAPI endpoint; run by uvicorn with uvloop and httptools.

`PEER_HANDLER=def` runs the work in FastAPI's pool of threads, `async` on the event loop.
"""

import os

import numpy as np
import uvicorn
from encoder import Encoder
from fastapi import FastAPI, UploadFile

app = FastAPI()
encoder = Encoder()


@app.get("/ready")
async def ready() -> str:
    """Report readiness."""
    return "ready"


def verify(image1: UploadFile, image2: UploadFile) -> dict[str, float | bool]:
    """Compare two images, in a thread of the pool."""
    pair = np.stack([encoder.decode(image1.file), encoder.decode(image2.file)])
    return encoder.compare(pair[None])[0]


async def verify_on_the_loop(image1: UploadFile, image2: UploadFile) -> dict[str, float | bool]:
    """Compare two images on the event loop, which blocks other requests."""
    return verify(image1, image2)


handler = verify if os.environ.get("PEER_HANDLER", "def") == "def" else verify_on_the_loop
app.post("/verify")(handler)


if __name__ == "__main__":
    uvicorn.run(
        app, port=int(os.environ["PEER_PORT"]), loop="uvloop", http="httptools", access_log=False
    )
