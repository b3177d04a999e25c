"""Provenance of a run's weights: code revision, libraries, command."""

import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("torch", "numpy", "pillow", "onnx", "onnxruntime", "scikit-learn")
_CODE = Path(__file__).parents[2]


def git_revision() -> str:
    """Return the commit of this code, with `+changes` where training or model differ from it.

    Outside a checkout (an installed package) the revision is `unknown`.
    """
    head = _git("rev-parse", "HEAD")
    if head is None:
        return "unknown"
    changed = _git("status", "--porcelain", "--", "training", "model/*.py")
    return f"{head}+changes" if changed else head


def libraries() -> dict[str, str]:
    """Return the versions of Python and of the libraries that influence a result."""
    return {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}


def command() -> str:
    """Return the command line of this process, quoted for a shell."""
    return shlex.join(["python", "-m", "training", *sys.argv[1:]])


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 (fixed arguments)
            ["git", *arguments],  # noqa: S607 (git is looked up in the user's PATH)
            cwd=_CODE,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
