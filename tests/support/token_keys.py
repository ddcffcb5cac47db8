"""A key of the token mask that tests use, and what becomes of it in a session."""

from __future__ import annotations

from lucky_mcp.secrets.token_keys import TokenKeys

SECRET = "a secret that is known to tests alone"
OTHER_SECRET = "another secret, known to tests alone as well"
# sha256 of "lucky-mcp token mask", a zero byte and the secret, by another program.
K = "973804ca8b474ffdedc6d2c19139e49028d10c534c2c6b2184936b8dfb0b21c3"
KEYS = TokenKeys(reference="env:TOKEN_SECRET", environment={"TOKEN_SECRET": SECRET})
