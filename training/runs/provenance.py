"""Where a run's weights come from: code revision, libraries, command."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

_LIBRARIES = ("torch", "numpy", "pillow", "onnx", "onnxruntime", "scikit-learn")
_CODE = Path(__file__).parents[2]


def git_revision() -> str:
    """The commit of this code; `+changes` where training or model differ from it.

    A run outside a checkout (an installed package) has the revision `unknown`.
    """
    head = _git("rev-parse", "HEAD")
    if head is None:
        return "unknown"
    changed = _git("status", "--porcelain", "--", "training", "model/*.py")
    return f"{head}+changes" if changed else head


def libraries() -> dict[str, str]:
    """The versions of Python and of the libraries that shape a result."""
    return {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}


def device() -> str:
    """What this process trains on, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} CPU threads"


def command() -> str:
    """The command line of this process, as it can be typed again."""
    return shlex.join(["python", "-m", "training", *sys.argv[1:]])


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 (fixed arguments)
            ["git", *arguments],  # noqa: S607 (whichever git the user has)
            cwd=_CODE,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
