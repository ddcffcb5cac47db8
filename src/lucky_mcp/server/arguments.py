"""The types of tool arguments: flat scalars with limits, which the texts in prompts/ repeat in words."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from lucky_mcp.server.results import Format

ROWS_CEILING = 5000
TABLES_CEILING = 20
TABLES_DEFAULT = 8

# The schemas leave null out, since some clients show only one type; null itself is accepted.
SourceName = Annotated[str, Field(min_length=1, max_length=200)]
TableText = Annotated[str, Field(min_length=1, max_length=200)]
SqlText = Annotated[str, Field(min_length=1)]
Question = Annotated[str, Field(min_length=1, max_length=500)]
Domain = Annotated[str, Field(max_length=100)] | SkipJsonSchema[None]
Kind = Annotated[str, Field(max_length=100)] | SkipJsonSchema[None]
RowsMax = Annotated[int, Field(ge=1, le=ROWS_CEILING)] | SkipJsonSchema[None]
TablesMax = Annotated[int, Field(ge=1, le=TABLES_CEILING)] | SkipJsonSchema[None]
KeyName = Annotated[str, Field(min_length=1, max_length=512)]
FieldName = Annotated[str, Field(min_length=1, max_length=512)] | SkipJsonSchema[None]
KeyPattern = Annotated[str, Field(min_length=1, max_length=200)] | SkipJsonSchema[None]
KeysMax = Annotated[int, Field(ge=1, le=ROWS_CEILING)]
Form = Format | SkipJsonSchema[None]
