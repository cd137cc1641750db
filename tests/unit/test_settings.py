from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from data.errors import FieldError
from serving.settings import Settings, load_settings

KEY = "k7Jq2vX9mB4nL8pR5tW3yZ6a"
SAFE = {
    "FARZ_MODE": "production",
    "FARZ_API_KEY": KEY,
    "FARZ_TEXT_KEYS": Fernet.generate_key().decode(),
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"FARZ_{name.upper()}", raising=False)

    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


def test_development_needs_nothing():
    settings = load_settings()
    assert (settings.mode, settings.host, settings.port) == ("development", "127.0.0.1", 8000)


def test_an_empty_variable_is_an_unset_one(environment):
    environment(FARZ_API_KEY="", FARZ_TEXT_KEYS="")
    settings = load_settings()
    assert settings.api_key is None and settings.text_keys is None


def test_the_command_line_stands_above_the_environment(environment):
    environment(FARZ_PORT="9000", FARZ_HOST="::1")
    settings = load_settings(port=9001)
    assert (settings.port, settings.host) == (9001, "::1")


def test_production_starts_with_a_key_and_encryption(environment):
    environment(**SAFE)
    assert load_settings().mode == "production"


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("FARZ_API_KEY", "", "FARZ_API_KEY: is missing, shorter"),
        ("FARZ_API_KEY", "short", "FARZ_API_KEY"),
        ("FARZ_API_KEY", "changeme-changeme-changeme", "placeholder"),
        ("FARZ_TEXT_KEYS", None, "FARZ_TEXT_KEYS: is missing: reports would lie unencrypted"),
        ("FARZ_TEXT_KEYS", "", "FARZ_TEXT_KEYS: is missing"),
        ("FARZ_MODE", "prod", "FARZ_MODE: 'prod' is not taken"),
        ("FARZ_PORT", "http", "FARZ_PORT: 'http' is not taken"),
        ("FARZ_PORT", "70000", "FARZ_PORT: '70000'"),
        ("FARZ_MAX_WAITING", "0", "FARZ_MAX_WAITING"),
    ],
)
def test_an_unsafe_or_wrong_setting_is_named(environment, monkeypatch, name, value, named):
    environment(**SAFE)
    if value is None:
        monkeypatch.delenv(name)
    else:
        environment(**{name: value})
    with pytest.raises(FieldError, match=named):
        load_settings()


def test_a_secret_is_never_shown(environment):
    environment(**SAFE)
    assert KEY not in repr(load_settings())
    assert SAFE["FARZ_TEXT_KEYS"] not in str(load_settings())
