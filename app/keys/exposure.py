"""Check for a service that is open to everyone who reaches its port."""

import ipaddress

from app.settings import Settings


def open_to_others(settings: Settings) -> bool:
    """Return whether the service listens beyond this machine and asks for no key."""
    return settings.api_keys_file is None and not _is_loopback(settings.host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host.lower() == "localhost"
