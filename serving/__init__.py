"""The scoring service: API, store and settings."""
