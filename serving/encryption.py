"""Reports at rest: authenticated encryption with a ring of keys."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from data.errors import FieldError

NEW_KEY = (
    "make one with: python -c "
    '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


class ReportCipher:
    """Encrypts with the newest key, decrypts with any of the ring.

    :param keys: Fernet keys (AES-128-CBC with HMAC-SHA256), newest first, set apart by commas;
        None leaves reports as they are, which only development mode allows.
    :raises FieldError: If a key is malformed.
    """

    def __init__(self, keys: str | None) -> None:
        self._ring: MultiFernet | None = None
        if keys is not None:
            try:
                self._ring = MultiFernet([Fernet(key.strip()) for key in keys.split(",")])
            except ValueError as error:
                raise FieldError(
                    "FARZ_TEXT_KEYS",
                    "holds something that is no Fernet key",
                    NEW_KEY,
                ) from error

    @property
    def encrypts(self) -> bool:
        """Whether there is a key."""
        return self._ring is not None

    def seal(self, content: bytes) -> bytes:
        """Encrypt, where there is a key."""
        return self._ring.encrypt(content) if self._ring else content

    def open(self, stored: bytes, encrypted: bool) -> bytes:
        """Decrypt what ``seal`` gave.

        :param stored: The stored bytes.
        :param encrypted: Whether they were sealed with a key.
        :return: The content.
        :raises FieldError: If no key of the ring opens them.
        """
        if not encrypted:
            return stored
        try:
            if self._ring is None:
                raise InvalidToken
            return self._ring.decrypt(stored)
        except InvalidToken as error:
            raise FieldError(
                "FARZ_TEXT_KEYS",
                "holds no key that opens a stored report",
                "add the key that was in use when it was stored",
            ) from error
