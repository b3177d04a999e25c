"""Script of an evening: a small network, P × K batches, and a mined loss.

python -m benchmarks.training_peers.script FOLDER FILES.json SECONDS EMBEDDINGS.npy

Trains on the folder of identities for some seconds of processor time, then embeds the files.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pytorch_metric_learning.losses import MultiSimilarityLoss
from pytorch_metric_learning.miners import MultiSimilarityMiner
from torch import Tensor, nn

SIDE, P, K, WARM, TIMED = 64, 12, 5, 3, 11


def read(files: list[str]) -> NDArray[np.float32]:
    """Read images, float32 (images, 3, SIDE, SIDE), -1 … 1."""
    opened = [Image.open(file).convert("RGB").resize((SIDE, SIDE)) for file in files]
    return np.stack([np.asarray(image).transpose(2, 0, 1) / 127.5 - 1 for image in opened]).astype(
        np.float32
    )


def network() -> nn.Module:
    """Build four stages of convolutions and a linear layer, 0.45 M parameters."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 128), (128, 192)):
        convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(192 * 4, 128))


def augmented(images: Tensor) -> Tensor:
    """Change the brightness and shift by up to four pixels."""
    light = 1 + 0.3 * (2 * torch.rand(len(images), 1, 1, 1) - 1)
    moved = [
        image.roll(tuple(torch.randint(-4, 5, (2,)).tolist()), (1, 2)) for image in images * light
    ]
    return torch.stack(moved)


def train(images: Tensor, labels: NDArray[np.int64], seconds: float) -> nn.Module:
    """Train for some seconds of processor time; the first steps are timed."""
    began, rng = time.process_time(), np.random.default_rng(0)
    warm = began
    encoder, loss, miner = network(), MultiSimilarityLoss(), MultiSimilarityMiner()
    optimiser = torch.optim.AdamW(encoder.parameters(), 1e-3)
    schedule, step, steps = None, 0, TIMED
    while step < steps:
        chosen = rng.permutation(labels.max() + 1)[:P]
        drawn = [np.resize(rng.permutation(np.flatnonzero(labels == i)), K) for i in chosen]
        rows = np.concatenate(drawn)
        embeddings = nn.functional.normalize(encoder(augmented(images[rows])))
        identities = torch.from_numpy(labels[rows])
        found = loss(embeddings, identities, miner(embeddings, identities))
        optimiser.zero_grad()
        found.backward()
        optimiser.step()
        step += 1
        if schedule is not None:
            schedule.step()
        elif step == WARM:
            warm = time.process_time()
        elif step == TIMED:
            now = time.process_time()
            pace = (now - warm) / (TIMED - WARM)
            steps = step + max(1, int((began + seconds - now) / pace))
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, steps - step + 1)
    sys.stdout.write(f"{steps} steps of {P * K} images\n")
    return encoder.eval()


def main(folder: Path, files: Path, seconds: float, out: Path) -> None:
    """Train on a folder, embed files, and save the embeddings."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = sorted(folder.glob("*/*.png"))
    _, labels = np.unique([file.parent.name for file in found], return_inverse=True)
    encoder = train(torch.from_numpy(read(list(map(str, found)))), labels, seconds)
    with torch.no_grad():
        images = torch.from_numpy(read(json.loads(files.read_text())))
        embedded = [nn.functional.normalize(encoder(part)) for part in torch.split(images, 64)]
    np.save(out, torch.cat(embedded).numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
