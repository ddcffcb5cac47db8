"""The shape of what a source on a server says about its replicas, and about how much it can bear."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

NAME = r"[A-Za-z0-9_$]+"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReplicaEntry(_Model):
    """A replica of the source's server; what is left out is as the source says."""

    host: str = Field(min_length=1)
    port: int | str | None = None
    user: str = ""
    password: str = ""
    database: str = ""
    tls: bool | None = None
    tls_ca: str = ""
    connections_max: int | None = Field(default=None, ge=1, le=64)


class ReplicationEntry(_Model):
    """How far behind a replica may be; `writer_serves: false` refuses reads that no replica can answer."""

    alert_s: float = Field(default=5.0, gt=0, le=3600)
    stop_s: float = Field(default=30.0, gt=0, le=86_400)
    heartbeat: Annotated[str, Field(pattern=rf"^({NAME}\.{NAME})?$")] = ""
    heartbeat_column: Annotated[str, Field(pattern=rf"^{NAME}$")] = "ts"
    writer_serves: bool = True

    @model_validator(mode="after")
    def _alerts_first(self) -> ReplicationEntry:
        if self.alert_s > self.stop_s:
            raise ValueError("alert_s is at most stop_s")
        return self


class LimitsEntry(_Model):
    """What one read may ask of the server; `rows_examined_max: null` refuses nothing for its cost."""

    rows_examined_max: int | None = Field(default=20_000_000, gt=0)
    rows_examined_heavy: int = Field(default=1_000_000, ge=0)
    running_max: int = Field(default=40, gt=0)
    long_running_max: int = Field(default=5, ge=0)
    long_running_s: int = Field(default=10, gt=0)
