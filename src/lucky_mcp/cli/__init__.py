from lucky_mcp.cli.root import main

__all__ = ["main"]
