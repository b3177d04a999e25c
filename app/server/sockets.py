"""The sockets that the service listens on."""

import errno
import os
import socket
from contextlib import ExitStack

from app.errors import AddressError

_IN_USE = "is in use by another process: end that one, or set LIKEWISE_PORT to another"


def bind(host: str, port: int) -> list[socket.socket]:
    """Open a socket for each address of a host, bound to the port; `listen` is the server's part.

    Raises:
        AddressError: The host is unknown, is not an address of this machine, or the port cannot be
            used.
    """
    with ExitStack() as opened:
        sockets = [
            opened.enter_context(_bound(family, address, host, port))
            for family, address in _addresses(host, port)
        ]
        opened.pop_all()
    return sockets


def in_use(host: str, port: int) -> AddressError:
    """Return the error of a port that another process listens on."""
    return AddressError(f"port {port} of {host} {_IN_USE}")


def is_listening(bound: socket.socket) -> bool:
    """Return whether a socket accepts connections."""
    try:
        return bool(bound.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:  # closed
        return False


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise AddressError(
            f"LIKEWISE_HOST={host} is no known host ({error}); set it to an address of this machine"
        ) from error
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bound(
    family: socket.AddressFamily, address: tuple[object, ...], host: str, port: int
) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Connections of an ended process, in TIME_WAIT, do not hold up a restart.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise in_use(host, port) from error
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise AddressError(
            f"port {port} of {host} cannot be used ({reason}); "
            "set LIKEWISE_HOST and LIKEWISE_PORT to an address and a port that can"
        ) from error
    return made
