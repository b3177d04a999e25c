import pytest

from app.keys.exposure import open_to_others
from app.settings import Settings


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "likewise.example"])  # noqa: S104
def test_listening_beyond_this_machine_without_keys_is_open(host, tmp_path):
    assert open_to_others(Settings(host=host))
    assert not open_to_others(Settings(host=host, api_keys_file=tmp_path / "keys.txt"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost", "LOCALHOST"])
def test_listening_on_this_machine_only_is_not(host):
    assert not open_to_others(Settings(host=host))
