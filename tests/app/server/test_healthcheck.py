import socket
import subprocess
import sys
import threading
import time

from app.server.healthcheck import ready
from tests.servers import free_port, server


def probe(port):
    command = (sys.executable, "-m", "app.server.healthcheck", str(port))
    return subprocess.run(command, check=False)  # noqa: S603 (our own module)


def test_a_service_that_is_ready_passes_and_one_that_is_not_there_fails(models_dir):
    port = free_port()
    assert probe(port).returncode == 1
    with server(models_dir) as (_, client):
        assert probe(client.base_url.port).returncode == 0


def test_a_service_that_says_nothing_fails_after_two_seconds():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        assert not ready(silent.getsockname()[1])
        assert 1.5 < time.monotonic() - began < 5


def test_an_answer_that_is_no_http_fails():
    with socket.socket() as nonsense:
        nonsense.bind(("127.0.0.1", 0))
        nonsense.listen()
        speaker = threading.Thread(target=talk_nonsense, args=[nonsense])
        speaker.start()
        assert not ready(nonsense.getsockname()[1])
        speaker.join()


def talk_nonsense(listening):
    with listening.accept()[0] as line:
        line.recv(1000)
        line.sendall(b"hello\r\n\r\n")
