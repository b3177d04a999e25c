import socket

import pytest

from app.errors import AddressError
from app.server.sockets import bind, is_listening


@pytest.fixture
def opened():
    """The sockets of a test, which are closed after it."""
    sockets = []
    yield sockets
    for each in sockets:
        each.close()


def test_a_port_is_bound_and_not_yet_listened_on(opened):
    opened += bind("127.0.0.1", 0)
    address = opened[0].getsockname()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    assert not is_listening(opened[0])
    opened[0].listen()
    assert is_listening(opened[0])
    socket.create_connection(address, timeout=5).close()


def test_every_address_of_a_name_is_bound(opened):
    opened += bind("localhost", 0)
    families = {family for family, *_ in socket.getaddrinfo("localhost", 0)}
    assert {each.family for each in opened} == families


def test_a_port_in_use_is_an_error_that_says_what_to_do(opened):
    opened.append(socket.create_server(("127.0.0.1", 0)))
    port = opened[0].getsockname()[1]
    with pytest.raises(AddressError, match=f"port {port} of 127.0.0.1 is in use.*LIKEWISE_PORT"):
        bind("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("host.invalid", "LIKEWISE_HOST=host.invalid is no known host"),
        ("x" * 300, "is no known host"),
        ("192.0.2.1", r"cannot be used \(Cannot assign requested address\)"),
    ],
)
def test_a_host_that_cannot_be_used_is_an_error(host, sentence):
    with pytest.raises(AddressError, match=sentence):
        bind(host, 0)
