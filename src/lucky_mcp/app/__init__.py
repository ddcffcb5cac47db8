"""The composition root: the only package that makes objects out of settings."""
