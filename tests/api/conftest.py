from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.settings import Settings

KEY = "k7Jq2vX9mB4nL8pR5tW3yZ6a"


@pytest.fixture
def guarded(bundle: Path, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(
        mode="production",
        model=bundle,
        database_url=f"sqlite:///{tmp_path}/farz.db",
        api_key=KEY,
        text_keys=Fernet.generate_key().decode(),
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as opened:
        yield opened
