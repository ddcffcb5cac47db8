"""Which release this is; the packaging file says the same."""

VERSION = "0.1.0"
