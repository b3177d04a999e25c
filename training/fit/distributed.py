"""Data-parallel training in several processes, started by `torchrun`.

Every process draws the same global batch and encodes its share of the rows. The embeddings are then
gathered *with their gradients*, and each process computes the loss of the whole batch: a loss that
compares all with all is not the mean of the losses of its parts. Each process thus has the gradient
of the same loss through its own rows. Backward through the gathering sums them over the W
processes, and averaging the encoder's gradients (as DistributedDataParallel does) divides by W, so
the step equals that of a single process.

One difference remains on the CPU: batch normalisation uses a process's own rows. On CUDA it is
synchronised; PyTorch supports that there only.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
import torch.distributed.nn.functional as with_gradients
from torch import Tensor, nn

from training.errors import ConfigError


@dataclass(frozen=True)
class World:
    """Processes that train together: the default process group, or this process alone.

    The rank is the index of this process, from 0; process 0 writes the files.
    """

    rank: int = 0
    size: int = 1

    def share(self, rows: Tensor) -> Tensor:
        """Return this process's rows of a batch: consecutive, so that pairs stay together.

        Raises:
            ConfigError: The batch cannot be divided into equal shares of whole pairs.
        """
        if self.size == 1:
            return rows
        if len(rows) % (2 * self.size):
            raise ConfigError(
                f"a batch of {len(rows)} cannot be divided among {self.size} processes; choose a "
                f"batch_size that is a multiple of {2 * self.size}"
            )
        return rows.chunk(self.size)[self.rank]

    def gather(self, rows: Tensor) -> Tensor:
        """Return every process's rows, in the global batch's order; gradients flow back."""
        if self.size == 1:
            return rows
        gathered: tuple[Tensor, ...] = with_gradients.all_gather(rows.contiguous())  # type: ignore[no-untyped-call]
        return torch.cat(gathered)

    def prepare(self, network: nn.Module) -> nn.Module:
        """Return the network to train in this process, with the weights of process 0."""
        if self.size == 1:
            return network
        for tensor in (*network.parameters(), *network.buffers()):
            dist.broadcast(tensor.detach(), src=0)
        if not torch.cuda.is_available():
            return network
        synchronised: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return synchronised

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace gradients by their mean over all processes, in place."""
        for parameter in parameters if self.size > 1 else ():
            if parameter.grad is not None:
                dist.all_reduce(parameter.grad)
                parameter.grad /= self.size

    def wait(self) -> None:
        """Wait until every process has called this."""
        if self.size > 1:
            dist.barrier()


ALONE = World()


def check_gpus(processes: int, gpus: int) -> None:
    """Check that each process of this machine has its own GPU, or that there is no GPU.

    Raises:
        ConfigError: Processes would have to share a GPU, which NCCL does not support.
    """
    if 0 < gpus < processes:
        raise ConfigError(
            f"{processes} processes were started on a machine with {gpus} GPU(s); start "
            f"--nproc-per-node {gpus}, or set CUDA_VISIBLE_DEVICES= to train on the CPU"
        )


@contextmanager
def joined_world() -> Iterator[World]:
    """Join the process group of `torchrun`; `ALONE` where the process was started without it.

    Raises:
        ConfigError: The machine has GPUs, but fewer than processes.
    """
    if not dist.is_torchelastic_launched():
        yield ALONE
        return
    check_gpus(int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count())
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        if torch.cuda.is_available():
            torch.cuda.set_device(dist.get_node_local_rank())
        yield World(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
