"""Print the lock of the PyTorch that pip selects on this machine, by pip's own configuration.

A machine without a GPU is often configured with an index of CPU builds; their version ends in
`+cpu`. Without such an index pip selects PyPI's build, which on Linux needs GBs of libraries.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "requirements"
CPU = "+cpu"


def selected() -> str:
    """Return the version of the build that pip would install.

    Raises:
        CalledProcessError: pip finds none.
    """
    text = (FOLDER / "torch.txt").read_text("utf-8")
    (requirement,) = re.findall(r"^torch==\S+", text, re.MULTILINE)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    command += ["--no-deps", "--report", "-", requirement]
    found = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 (pip)
    return str(json.loads(found.stdout)["install"][0]["metadata"]["version"])


def lock_of(version: str) -> Path:
    """Return the lock of a build."""
    return FOLDER / ("torch-cpu.txt" if version.endswith(CPU) else "torch.txt")


if __name__ == "__main__":
    print(lock_of(selected()))
