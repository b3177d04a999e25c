import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load.clients import Answer, Clients, Count, is_closed
from benchmarks.payloads.bodies import Request

REQUESTS = [Request("/good", "text/plain", b"a"), Request("/bad", "text/plain", b"b")]


class Server(BaseHTTPRequestHandler):
    """/good is a 200, /bad a 503, /broken no answer at all."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/broken":
            self.close_connection = True
            return
        self.send_response(200 if self.path == "/good" else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address
        server.shutdown()
        thread.join()


def counted(address, requests, seconds=0.5):
    with Clients(address, requests, rate=100.0, clients=4) as clients:
        threading.Event().wait(seconds)
    return clients.count()


def test_an_answer_that_is_not_a_200_is_a_failure_under_its_status(address):
    seen = counted(address, REQUESTS)
    assert seen.requests > 10
    assert seen.wrong == {"503": seen.failed}
    assert abs(seen.failed - seen.requests / 2) <= 1


def test_a_connection_that_breaks_is_a_failure_and_the_clients_go_on(address):
    seen = counted(address, [*REQUESTS[:1], Request("/broken", "text/plain", b"c")])
    assert seen.wrong == {"RemoteDisconnected": seen.failed}
    assert 0 < seen.failed < seen.requests


def test_no_more_is_sent_than_the_rate_says(address):
    assert counted(address, REQUESTS[:1]).requests <= 55


def test_a_count_has_the_slowest_and_the_reasons():
    answers = [Answer(5.0), Answer(3100.0), Answer(7.0, "502"), Answer(9.0, "502")]
    assert Count.of(answers) == Count(4, 2, 8.0, 3100.0, 1, {"502": 2})


def test_a_connection_that_the_server_has_closed_is_seen_before_it_is_used():
    ours, theirs = socket.socketpair()
    connection = http.client.HTTPConnection("nowhere")
    assert not is_closed(connection)
    connection.sock = ours
    assert not is_closed(connection)
    theirs.close()
    assert is_closed(connection)
    ours.close()
