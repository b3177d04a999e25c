import re

import pydantic
import pytest

from app.errors import SettingsError
from app.settings import SHIPPED_BUNDLES, Provider, Settings, read_settings


def test_the_defaults_listen_on_this_machine_only_and_serve_the_shipped_bundles():
    settings = read_settings({})
    assert (settings.host, settings.port, settings.default_model) == ("127.0.0.1", 8000, "faces")
    assert settings.models_dir == SHIPPED_BUNDLES
    assert settings.provider is Provider.AUTO


def test_a_variable_of_the_environment_sets_its_field():
    settings = read_settings({"LIKEWISE_PORT": "9000", "LIKEWISE_PROVIDER": "cpu"})
    assert settings.port == 9000
    assert settings.provider is Provider.CPU


def test_without_an_argument_it_is_the_environment_of_the_process(monkeypatch):
    monkeypatch.setenv("LIKEWISE_PORT", "9000")
    assert read_settings().port == 9000
    assert read_settings({}).port == 8000


def test_an_empty_variable_counts_as_not_set():
    assert read_settings({"LIKEWISE_THREADS": ""}).threads == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("PROVIDER", "gpu"),
        ("WORKERS", "0"),
        ("MAX_IMAGE_BYTES", "-1"),
        ("BODY_TIMEOUT_S", "0"),
        ("BODY_TIMEOUT_S", "1e-320"),
        ("HEAD_TIMEOUT_S", "1e-320"),
        ("LOG_LEVEL", "loud"),
        ("ROOT_PATH", "likewise"),
        ("ROOT_PATH", "/likewise/"),
        ("CORS_ORIGINS", "https://shop.example/"),
        ("CORS_ORIGINS", "shop.example"),
        ("TRUSTED_PROXIES", "gateway"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "*"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_variable(name, value):
    with pytest.raises(SettingsError, match=f"LIKEWISE_{name}='?{re.escape(value)}"):
        read_settings({f"LIKEWISE_{name}": value})


def test_a_misspelt_variable_is_an_error_that_names_the_right_one():
    with pytest.raises(SettingsError, match="LIKEWISE_PROT; did you mean LIKEWISE_PORT"):
        read_settings({"LIKEWISE_PROT": "9000"})


def test_an_unknown_variable_is_an_error_that_lists_those_there_are():
    with pytest.raises(SettingsError, match="there are: HOST, PORT"):
        read_settings({"LIKEWISE_ZZZZZZZZ": "1"})


@pytest.mark.parametrize("value", ["false", "0", "no"])
def test_a_switch_is_turned_off_by_the_usual_words(value):
    assert not read_settings({"likewise_metrics": value}).metrics


def test_variables_of_the_client_are_no_concern():
    assert read_settings({"LIKEWISE_URL": "http://x", "LIKEWISE_API_KEY": "y"}).port == 8000


def test_variables_of_others_are_no_concern():
    assert read_settings({"PORT": "1", "LIKE": "2"}).port == 8000


def test_settings_cannot_be_changed():
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        Settings().port = 1


def test_every_field_says_what_it_is():
    assert all(field.description for field in Settings.model_fields.values())


def test_a_list_is_set_with_commas():
    settings = read_settings(
        {
            "LIKEWISE_CORS_ORIGINS": "https://a.example, http://localhost:3000,",
            "LIKEWISE_TRUSTED_PROXIES": "10.0.0.0/8,::1",
        }
    )
    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize("name", ["PORT", "LOG_LEVEL", "ROOT_PATH", "X" * 50_000])
def test_the_message_about_a_huge_value_is_a_line_that_can_be_read(name):
    with pytest.raises(SettingsError) as told:
        read_settings({f"LIKEWISE_{name}": "9" * 100_000})
    assert len(str(told.value)) < 2000
    assert "\n" not in str(told.value)
