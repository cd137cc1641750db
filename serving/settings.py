"""All settings of the service, from the environment with the prefix ``FARZ_``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import FieldError, shown
from serving.encryption import NEW_KEY

MIN_KEY_CHARACTERS = 24
_PLACEHOLDERS = ("changeme", "secret", "password", "example", "test")


class Settings(BaseSettings):
    """Settings of one process; built by ``load_settings``, never at import."""

    model_config = SettingsConfigDict(
        # An empty variable is an unset one: an empty key must never pass for a key.
        env_prefix="FARZ_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    mode: Literal["development", "production"] = Field(
        "development", description="Outside development unsafe settings are refused."
    )
    model: Path = Field(Path("model/released"), description="Folder of the bundle served.")
    class_shares: str = Field(
        "trained",
        description="Class shares that probabilities are corrected for: trained, portal (the "
        "communiqué's), or a JSON file that `farz shares` wrote.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    database_url: str = Field(
        "sqlite:///var/farz.db", description="SQLAlchemy address of the store."
    )
    api_key: SecretStr | None = Field(
        None,
        description="Key that every scoring request carries as `Authorization: Bearer …`; "
        f"required outside development, at least {MIN_KEY_CHARACTERS} characters.",
    )
    text_keys: SecretStr | None = Field(
        None,
        description="Fernet keys that encrypt reports at rest, newest first, set apart by "
        "commas; required outside development.",
    )
    max_body_bytes: int = Field(
        16 * 2**20, ge=1024, description="Largest request body taken, in bytes."
    )
    max_waiting: int = Field(
        64, ge=1, description="Requests that may wait for the model; further ones get 503."
    )

    @model_validator(mode="after")
    def _safe_outside_development(self) -> Settings:
        if self.mode == "development":
            return self
        key = self.api_key.get_secret_value() if self.api_key else ""
        if len(key) < MIN_KEY_CHARACTERS or any(word in key.lower() for word in _PLACEHOLDERS):
            raise FieldError(
                "FARZ_API_KEY",
                "is missing, shorter than 24 characters or a placeholder",
                'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"',
            )
        if not self.text_keys:
            raise FieldError(
                "FARZ_TEXT_KEYS",
                "is missing: reports would lie unencrypted on disk",
                NEW_KEY,
            )
        return self


def load_settings(**given: object) -> Settings:
    """Read the environment, with values given on the command line above it.

    :param given: Settings by field name.
    :return: Checked settings.
    :raises FieldError: If a setting is unsafe or out of range, naming its variable.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        if isinstance(cause := first.get("ctx", {}).get("error"), FieldError):
            raise cause from error
        name = str(first["loc"][0]) if first["loc"] else "settings"
        secret = name in ("api_key", "text_keys")
        value = "its value" if secret else shown(first.get("input"))
        raise FieldError(
            f"FARZ_{name.upper()}", f"{value} is not taken ({first['msg']})", describe(name)
        ) from error


def describe(name: str) -> str:
    """Say what a setting is for and what its default is."""
    field = Settings.model_fields.get(name)
    if field is None:
        return "see farz serve --help"
    return f"{field.description} Default: {field.default}"
