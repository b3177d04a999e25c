import contextlib
import socket
import time

import pytest

from tests.fakes import photo
from tests.hostile.server import read_reply, request

LATE_S = 8.0
"""On a machine however busy, a bound of half a second holds within this."""
GOOD = request("/embed", photo(1))


@pytest.fixture(scope="module")
def right(impatient):
    return impatient.send(GOOD).json()


@pytest.fixture(autouse=True)
def _the_next_request_is_answered(impatient, right):
    yield
    assert impatient.send(GOOD).json() == right
    assert "Traceback" not in impatient.log


def drip(connection, piece, pause_s=0.05):
    """Send the same few bytes again and again until somebody has had enough of it."""
    connection.settimeout(pause_s)
    give_up = time.monotonic() + LATE_S
    while time.monotonic() < give_up:
        with contextlib.suppress(TimeoutError):
            return _rest(connection)
        with contextlib.suppress(ConnectionError):
            connection.sendall(piece)
    raise AssertionError("the server is more patient than it says")


def _rest(connection):
    """The answer, or None where there is none; a time-out where neither is there yet."""
    try:
        first = connection.recv(1, socket.MSG_PEEK)
    except ConnectionError:
        return None
    connection.settimeout(LATE_S)
    return read_reply(connection) if first else None


def read_until(connection, end):
    """What comes, as far as these bytes."""
    connection.settimeout(LATE_S)
    seen = b""
    while not seen.endswith(end):
        piece = connection.recv(1)
        assert piece, f"closed after {seen!r}"
        seen += piece
    return seen


def flood(connection, piece):
    """Send as fast as it goes until an answer is there."""
    with contextlib.suppress(ConnectionError):
        for _ in range(4000):
            connection.sendall(piece)
            connection.settimeout(0.0)
            with contextlib.suppress(BlockingIOError):
                connection.recv(1, socket.MSG_PEEK)
                break
            connection.settimeout(LATE_S)
    connection.settimeout(LATE_S)
    return read_reply(connection)


def closes(connection):
    """Whether the server closes within its bound, whatever it sends before."""
    connection.settimeout(LATE_S)
    with contextlib.suppress(ConnectionError):
        while connection.recv(1_000_000):
            pass
    return True


def asked_until_closed(connection, ask):
    """Send requests and read no answer."""
    give_up = time.monotonic() + LATE_S
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < give_up:
            connection.sendall(ask)
            time.sleep(0.005)
        return False
    return True


def outcome(reply):
    return (reply.status, reply.problem)


def test_a_client_that_sends_nothing_is_let_go(impatient):
    with impatient.connect() as connection:
        assert closes(connection)


@pytest.mark.parametrize("piece", [b"x", b"A: b\r\n"], ids=["in a line", "line by line"])
def test_a_head_that_comes_slowly_is_given_up(impatient, piece):
    with impatient.connect() as connection:
        connection.sendall(b"POST /embed HTTP/1.1\r\nHost: test\r\nX-Slow: ")
        assert outcome(drip(connection, piece)) == (408, "head-timeout")


def test_a_second_request_that_comes_slowly_is_given_up_too(impatient, right):
    with impatient.connect() as connection:
        connection.sendall(GOOD)
        assert read_reply(connection).json() == right
        connection.sendall(b"POST /embed HT")
        assert outcome(drip(connection, b"T")) in {(408, "head-timeout"), (400, "bad-request")}


@pytest.mark.parametrize(
    "start",
    [
        b"POST /embed?model=",
        b"POST /embed HTTP/1.1\r\nX-Long: ",
        b"POST /embed HTTP/1.1\r\nx",
    ],
    ids=["path", "value", "name"],
)
@pytest.mark.serial
def test_a_head_without_end_is_too_large(impatient, start):
    before = impatient.memory("VmRSS")
    impatient.forget_peak()
    with impatient.connect() as connection:
        connection.sendall(start)
        assert outcome(flood(connection, b"x" * 20_000)) == (431, "head-too-large")
    assert impatient.memory("VmHWM") - before < 20_000_000


def test_a_head_of_very_many_headers_is_too_large(impatient):
    headers = [f"X-{n}: y" for n in range(200)]
    reply = impatient.send(request("/embed", photo(1), "image/png", *headers))
    assert outcome(reply) == (431, "head-too-large")


def test_a_head_of_many_headers_and_a_large_body_are_taken(impatient, right):
    headers = [f"X-{n}: {'y' * 300}" for n in range(100)]
    body = photo(1) + bytes(1_000_000)
    assert impatient.send(request("/embed", body, "image/png", *headers)).json() == right


@pytest.mark.parametrize(
    "head",
    ["Content-Length: 100000", "Transfer-Encoding: chunked"],
    ids=["of a length", "chunked"],
)
def test_a_body_that_comes_slowly_is_given_up(impatient, head):
    with impatient.connect() as connection:
        connection.sendall(
            f"POST /embed HTTP/1.1\r\nHost: t\r\nContent-Type: image/png\r\n{head}\r\n\r\n".encode()
        )
        assert outcome(drip(connection, b"1\r\nx\r\n")) == (408, "body-timeout")


@pytest.mark.serial
def test_chunks_without_end_are_too_large(impatient):
    before = impatient.memory("VmRSS")
    impatient.forget_peak()
    with impatient.connect() as connection:
        connection.sendall(
            b"POST /embed HTTP/1.1\r\nHost: t\r\nContent-Type: image/png\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        assert outcome(flood(connection, piece)) == (413, "body-too-large")
    assert impatient.memory("VmHWM") - before < 20_000_000


@pytest.mark.serial
@pytest.mark.parametrize(
    "start", [b"0\r\n", b"0\r\nX-Long: ", b"1;"], ids=["trailers", "trailer", "extension"]
)
def test_what_surrounds_chunks_without_end_is_too_large(impatient, start):
    before = impatient.memory("VmRSS")
    impatient.forget_peak()
    with impatient.connect() as connection:
        connection.sendall(
            b"POST /embed HTTP/1.1\r\nHost: t\r\nContent-Type: image/png\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + start
        )
        piece = b"X-A: b\r\n" * 2_500 if start == b"0\r\n" else b"x" * 20_000
        assert outcome(flood(connection, piece)) == (431, "head-too-large")
        assert closes(connection)
    assert impatient.memory("VmHWM") - before < 20_000_000


def test_a_body_that_goes_on_after_its_answer_ends_with_its_connection(impatient):
    with impatient.connect() as connection:
        connection.sendall(
            b"POST /nowhere HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        reply = drip(connection, b"1\r\nx\r\n")
        assert outcome(reply) == (404, "not-found")
        assert drip(connection, b"1\r\nx\r\n") is None


def test_line_breaks_between_requests_keep_no_connection_open(impatient, right):
    with impatient.connect() as connection:
        connection.sendall(GOOD)
        assert read_reply(connection).json() == right
        assert drip(connection, b"\r\n", pause_s=0.3) is None


def test_a_body_that_is_shorter_than_it_declares_is_a_problem_of_nobody_else(impatient):
    with impatient.connect() as connection:
        connection.sendall(GOOD[:-10])
        connection.shutdown(socket.SHUT_WR)
        assert closes(connection)


def test_what_comes_after_a_body_is_no_part_of_it(impatient, right):
    with impatient.connect() as connection:
        connection.sendall(GOOD + b"more than was declared\r\n\r\n")
        assert read_reply(connection).json() == right
        assert closes(connection)


def test_requests_that_come_at_once_are_answered_in_their_order(impatient, right):
    other = request("/embed", b"no image")
    with impatient.connect() as connection:
        connection.sendall(GOOD + other + GOOD)
        assert read_reply(connection).json() == right
        assert outcome(read_reply(connection)) == (415, "unsupported-image")
        assert read_reply(connection).json() == right


def test_a_body_of_many_small_chunks_that_come_at_once_is_put_together(impatient, right):
    head, _, body = GOOD.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-l")]
    pieces = [body[start : start + 100] for start in range(0, len(body), 100)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    whole = b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", chunks + b"0\r\n\r\n"])
    assert impatient.send(whole).json() == right


def test_an_answer_that_is_a_head_alone_is_sent_at_once(impatient, right):
    with impatient.connect() as connection:
        connection.sendall(b"HEAD /livez HTTP/1.1\r\nHost: test\r\n\r\n")
        assert read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 405")
        connection.sendall(GOOD)
        assert read_reply(connection).json() == right


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(impatient, right):
    head, _, body = GOOD.partition(b"\r\n\r\n")
    with impatient.connect() as connection:
        connection.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert read_until(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_reply(connection).json() == right


@pytest.mark.parametrize(
    "data",
    [b"hello\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 100],
    ids=["words", "TLS", "version", "zeros"],
)
def test_what_is_not_http_is_a_bad_request(impatient, data):
    assert outcome(impatient.send(data)) == (400, "bad-request")


@pytest.mark.parametrize(
    "header",
    [
        "Content-Length: -1",
        "Content-Length: 1e3",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    ],
)
def test_a_length_that_can_be_read_in_two_ways_is_a_bad_request(impatient, header):
    head = f"POST /embed HTTP/1.1\r\nHost: t\r\nContent-Type: image/png\r\n{header}\r\n\r\n"
    assert outcome(impatient.send(head.encode() + b"0\r\n\r\n")) == (400, "bad-request")


def test_a_chunk_that_is_none_is_a_bad_request(impatient):
    head = b"POST /embed HTTP/1.1\r\nHost: t\r\nContent-Type: image/png\r\n"
    sent = head + b"Transfer-Encoding: chunked\r\n\r\nwords\r\n"
    assert outcome(impatient.send(sent)) == (400, "bad-request")


def test_no_connection_becomes_another_protocol(impatient):
    upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    head = "\r\n".join(["GET /livez HTTP/1.1", "Host: t", "Sec-WebSocket-Key: eA==", *upgrade])
    assert impatient.send(head.encode() + b"\r\n\r\n").status == 200


def test_a_client_that_does_not_take_its_answer_is_let_go(impatient):
    """Its answers fill the buffers of both sides; then the server has waited long enough."""
    ask = b"GET /openapi.json HTTP/1.1\r\nHost: t\r\n\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(LATE_S)
        connection.connect(("127.0.0.1", impatient.port))
        assert asked_until_closed(connection, ask)


def test_of_too_many_connections_those_beyond_the_bound_are_refused(impatient, right):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(impatient.connect()) for _ in range(60)]
        time.sleep(0.2)
        refused = 0
        for connection in held:
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                reply = read_reply(connection)
                refused += reply is not None and reply.problem == "overloaded"
        assert refused >= 20
    time.sleep(0.1)
    assert impatient.send(GOOD).json() == right
