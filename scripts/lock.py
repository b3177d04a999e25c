"""Write requirements/*.txt, the locks: every package that is installed, its version and hashes.

    make lock                                  after any change of a dependency in a pyproject.toml
    make lock UPGRADE=1                        takes newer versions of indirect dependencies too

uv resolves for all platforms and all Pythons that pyproject.toml allows. A lock names no index: pip
takes the files from wherever the machine is configured to, if their hashes are those of the lock.
PyTorch has two locks: torch.txt with the libraries of its CUDA builds, and torch-cpu.txt with its
CPU build, whose version ends in `+cpu` and which is not on PyPI: its hash is that of the file which
pip selects on this machine. `scripts/torch_lock.py` chooses one of them.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "requirements"
SERVICE, CLIENT = "pyproject.toml", "client/pyproject.toml"
IMAGE_EXTRAS = ("gallery", "heif", "otel")
"""Extras of the service that the image contains."""
PIP = "pip"
"""Package that no lock contains, because a virtual environment has its own."""
TORCH = "torch"
CPU = "+cpu"
_TORCH_ENTRY = re.compile(
    r"^(?:torch==|nvidia-|cuda-|triton==).*\n(?:    --hash=.*\n)+(?:    # .*\n)*", re.MULTILINE
)
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Lock:
    """A lock: the dependencies of some projects with some of their extras.

    Attributes:
        projects: The files that name the dependencies.
        extras: Extras of these projects.
        others: Further requirements.
        complete: Whether indirect dependencies are locked too.
    """

    projects: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    complete: bool = True


def locks() -> dict[str, Lock]:
    """Return each lock by its name; the first has all that the others agree with."""
    service = tomllib.loads((ROOT / SERVICE).read_text("utf-8"))
    build = tuple(service["build-system"]["requires"])
    development = ("training", "dev", "docs", "bulk", *IMAGE_EXTRAS, "images")
    cuda = tuple(service["project"]["optional-dependencies"]["cuda"])
    return {
        "dev": Lock((SERVICE, CLIENT), development, build),
        "service": Lock((SERVICE,), IMAGE_EXTRAS),
        "bulk": Lock((SERVICE,), ("bulk", *IMAGE_EXTRAS)),
        "client": Lock((CLIENT,)),
        "build": Lock(others=build),
        # ONNX Runtime's other dependencies are those of the service.
        "cuda": Lock(others=cuda, complete=False),
    }


def compile_lock(name: str, lock: Lock, *, upgrade: bool) -> None:
    """Resolve a lock and write its file.

    Raises:
        CalledProcessError: The dependencies cannot be resolved, or the index cannot be reached.
    """
    to = FOLDER / f"{name}.txt"
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config"]
    command += ["--universal", "--generate-hashes", "--python-version", _oldest_python()]
    command += ["--custom-compile-command", "make lock", "--no-emit-package", PIP]
    command += [f"--extra={extra}" for extra in lock.extras]
    command += [] if lock.complete else ["--no-deps"]
    command += ["--upgrade"] if upgrade and name == "dev" else []
    command += [] if name in {"dev", "cuda"} else ["--constraints", str(FOLDER / "dev.txt")]
    command += ["--output-file", str(to), *lock.projects, "-"]
    subprocess.run(command, cwd=ROOT, input="\n".join(lock.others), text=True, check=True)  # noqa: S603


def split_torch(text: str) -> tuple[str, str]:
    """Return the text of a lock without PyTorch and the libraries of its CUDA builds, and these."""
    head = "".join(text.splitlines(keepends=True)[:2])
    return _TORCH_ENTRY.sub("", text), head + "".join(_TORCH_ENTRY.findall(text))


def cpu_entry(requirement: str) -> str | None:
    """Return the entry of the CPU build that pip selects on this machine; None if it is another.

    Raises:
        CalledProcessError: pip finds no build.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", PIP, "download", "--quiet", "--no-deps", "-d", folder]
        subprocess.run([*command, requirement], check=True)  # noqa: S603
        (file,) = Path(folder).iterdir()
        if CPU not in file.name:
            return None
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return f"{requirement}{CPU} \\\n    --hash=sha256:{digest}\n"


def merge(entry: str, before: str) -> str:
    """Return the entry with the hashes that the same version had before, of other Pythons."""
    head = entry.partition("\n")[0]
    kept = _HASH.findall(before) if head in before.splitlines() else []
    hashes = sorted({*_HASH.findall(entry), *kept})
    return f"{head}\n" + " \\\n".join(f"    --hash={value}" for value in hashes) + "\n"


def _oldest_python() -> str:
    project = tomllib.loads((ROOT / SERVICE).read_text("utf-8"))["project"]
    return str(project["requires-python"]).removeprefix(">=")


def lock_torch() -> None:
    """Split PyTorch off the first lock, and write the lock of its CPU build."""
    file = FOLDER / "dev.txt"
    text, torch = split_torch(file.read_text("utf-8"))
    file.write_text(text, encoding="utf-8")
    (FOLDER / "torch.txt").write_text(torch, encoding="utf-8")
    print("wrote requirements/torch.txt")
    found = re.search(rf"^{TORCH}==\S+", torch, re.MULTILINE)
    entry = None if found is None else cpu_entry(found[0])
    if entry is None:
        print("pip selects no CPU build of PyTorch here: requirements/torch-cpu.txt is as it was")
        return
    cpu = FOLDER / "torch-cpu.txt"
    before = cpu.read_text("utf-8") if cpu.exists() else ""
    head = "".join(torch.splitlines(keepends=True)[:2])
    cpu.write_text(head + merge(entry, before), encoding="utf-8")
    print("wrote requirements/torch-cpu.txt")


def main() -> None:
    """Write all locks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take newer indirect dependencies")
    upgrade = parser.parse_args().upgrade
    FOLDER.mkdir(exist_ok=True)
    for name, lock in locks().items():
        compile_lock(name, lock, upgrade=upgrade)
        print(f"wrote requirements/{name}.txt")
    lock_torch()


if __name__ == "__main__":
    main()
