"""The gateway's script, with small commands in place of nginx, curl and the name server."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.servers import ROOT, wait_until

COMMANDS = {
    "getent": "cat {folder}/addresses",
    "curl": "exit 0",
    "envsubst": "cat",
    "nginx": """case "$*" in
  *"-s reload") echo "$(cat {folder}/replicas.conf)" >>{folder}/reloads
            [ ! -e {folder}/broken ] || exit 1 ;;
  *daemon\\ off*) echo 1 >{folder}/nginx.pid; sleep 60 ;;
esac""",
}


@contextlib.contextmanager
def gateway(folder):
    """The running script in a folder of its own."""
    commands = folder / "bin"
    commands.mkdir()
    for name, text in COMMANDS.items():
        (commands / name).write_text("#!/bin/sh\n" + text.replace("{folder}", str(folder)) + "\n")
        (commands / name).chmod(0o755)
    (folder / "nginx.conf.template").touch()
    script = (ROOT / "deploy/gateway/start.sh").read_text()
    script = script.replace("/tmp/", f"{folder}/").replace("/gateway/", f"{folder}/")  # noqa: S108
    (folder / "start.sh").write_text(script)
    path = f"{commands}:{os.environ['PATH']}"
    process = subprocess.Popen(  # noqa: S603 (our own program)
        ["/bin/sh", folder / "start.sh"], env={"PATH": path}, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def reloads(folder):
    path = Path(folder / "reloads")
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.timeout(60)
def test_replicas_whose_reload_failed_are_applied_a_second_later(tmp_path):
    (tmp_path / "addresses").write_text("10.0.0.1 STREAM\n")
    with gateway(tmp_path):
        wait_until((tmp_path / "nginx.pid").exists)
        (tmp_path / "broken").touch()
        (tmp_path / "addresses").write_text("10.0.0.2 STREAM\n")
        new = "server 10.0.0.2:8000 max_fails=0;"
        wait_until(lambda: reloads(tmp_path).count(new) >= 2, within_s=20)
        (tmp_path / "broken").unlink()
        wait_until((tmp_path / "replicas.applied").exists, within_s=20)
        assert (tmp_path / "replicas.applied").read_text().strip() == new
        before = len(reloads(tmp_path))
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["sleep", "3"], check=True)  # noqa: S607 (the system's)
        assert len(reloads(tmp_path)) == before, "an unchanged list is not applied again"
