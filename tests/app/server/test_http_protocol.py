import pytest

from app.server.http_protocol import _AnswerTransport

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Wire:
    """What a transport was told to write, call by call."""

    def __init__(self):
        self.written = []
        self.is_closed = False

    def write(self, data):
        self.written.append(data)

    def close(self):
        self.is_closed = True

    def is_closing(self):
        return self.is_closed


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def answer(wire):
    return _AnswerTransport(wire)


def test_an_answers_head_and_body_are_one_write(wire, answer):
    answer.write(HEAD)
    assert wire.written == []
    answer.write(b"same")
    answer.flush()
    assert wire.written == [HEAD + b"same"]


def test_what_follows_is_written_as_it_comes(wire, answer):
    for data in (HEAD, b"on", b"e", b"!"):
        answer.write(data)
    assert wire.written == [HEAD + b"on", b"e", b"!"]


def test_a_head_that_nothing_follows_is_sent_once(wire, answer):
    answer.write(HEAD)
    answer.flush()
    answer.flush()
    assert wire.written == [HEAD]


def test_leave_to_send_the_body_does_not_wait(wire, answer):
    leave = b"HTTP/1.1 100 Continue\r\n\r\n"
    answer.write(leave)
    answer.write(HEAD)
    answer.write(b"same")
    assert wire.written == [leave, HEAD + b"same"]


def test_a_connection_that_closes_has_the_head_before(wire, answer):
    answer.write(HEAD)
    answer.close()
    assert (wire.written, answer.is_closing()) == ([HEAD], True)
