"""Which Parquet files lie in a lake's bucket, and how the engine reads them: those listed and no others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq
from fsspec import AbstractFileSystem
from pyarrow.fs import AwsStandardS3RetryStrategy, FileInfo, FileSelector, FileType, S3FileSystem

from lucky_mcp.adapters.lake_files import FILES_MAX, NAME, Lake
from lucky_mcp.errors import ConfigurationError, EngineError, EngineErrorKind
from lucky_mcp.model.s3_place import S3Place
from lucky_mcp.secrets.aws import AwsChain, AwsKeys
from lucky_mcp.secrets.references import read_secret, renew_secret

PROTOCOL = "luckylake"
CONNECT_SECONDS = 3.0
REQUEST_SECONDS = 5.0
ATTEMPTS = 2
# A listing is asked for after every read; one so young serves the next as well.
LISTING_SECONDS = 5.0
REGION = "us-east-1"


class Bucket:
    """A bucket's objects under one prefix; safe between threads."""

    def __init__(
        self, place: S3Place, environment: Mapping[str, str], now: Callable[[], float] = time.monotonic
    ) -> None:
        self.place = place
        self._environment = environment
        self._now = now
        self._chain = AwsChain()
        self._lock = threading.Lock()
        self._reached: tuple[AwsKeys, S3FileSystem] | None = None
        self._listed: tuple[float, Lake, dict[str, FileInfo]] | None = None
        self._schemas: dict[tuple[str, str], Any] = {}

    @property
    def root(self) -> str:
        """What every path begins with."""
        return f"{PROTOCOL}://{self.place.root}"

    def files(self) -> Lake:
        """Return the files of each (zone, dataset), the last by name first: its columns are the dataset's.

        EngineError when the bucket cannot be listed, holds no dataset, or holds too many files.
        """
        with self._lock:
            if self._listed is None or self._now() - self._listed[0] > LISTING_SECONDS:
                self._listed = (self._now(), *self._list())
            return self._listed[1]

    def is_as(self, lake: Lake) -> bool:
        """Whether every one of these files is there as it was, asked of the bucket now."""
        with self._lock:
            self._listed = None
        now = self.files()
        return all(
            now.get(name, {}).get(path) == state
            for name, files in lake.items()
            for path, state in files.items()
        )

    def attach(self, connection: Any) -> None:
        """Let the engine open the files by their paths, the first of each dataset first."""
        self._schemas = {}
        connection.register_filesystem(_Files(self))

    def open(self, path: str) -> Any:
        """Open one listed file; OSError for any other, and for one with other columns than its dataset."""
        info = self.info(path)
        file = self._filesystem().open_input_file(info.path)
        state = str((path, info.size, info.mtime_ns))
        dataset = "/".join(path.removeprefix(self.root + "/").split("/")[:2])
        columns = self._schemas.get((dataset, state))
        if columns is None:
            columns = pq.read_schema(file).remove_metadata()
            file.seek(0)
            self._schemas[dataset, state] = columns
        first = self._schemas.setdefault((dataset, ""), columns)
        if columns != first:
            raise OSError(f"{path} has other columns than the last file of its dataset")
        return file

    def info(self, path: str) -> FileInfo:
        """Return what the listing says of a file; OSError for one that it does not have."""
        listed = self._listed
        info = listed[2].get(path) if listed else None
        if info is None:
            raise FileNotFoundError(path)
        return info

    def _list(self) -> tuple[Lake, dict[str, FileInfo]]:
        selector = FileSelector(self.place.root, recursive=True)
        try:
            try:
                found = self._filesystem().get_file_info(selector)
            except PermissionError:
                if not self._has_new_keys():
                    raise
                found = self._filesystem().get_file_info(selector)
        except (OSError, ValueError) as failure:
            raise EngineError(EngineErrorKind.UNAVAILABLE, _without_query(failure)) from None
        infos = {f"{PROTOCOL}://{each.path}": each for each in found if each.type is FileType.File}
        lake: Lake = {}
        kept = {}
        for path in sorted(infos, reverse=True):
            parts = path.removeprefix(self.root + "/").split("/")
            is_ours = len(parts) > 2 and NAME.fullmatch(parts[0]) and NAME.fullmatch(parts[1])
            if is_ours and path.endswith(".parquet") and not any(part.startswith(".") for part in parts):
                info = kept[path] = infos[path]
                lake.setdefault((parts[0], parts[1]), {})[path] = (0, info.size, info.mtime_ns or 0)
        if not lake:
            raise EngineError(EngineErrorKind.UNAVAILABLE, "the lake's bucket holds no dataset")
        if len(kept) > FILES_MAX:
            raise EngineError(EngineErrorKind.UNAVAILABLE, f"the lake holds more than {FILES_MAX} files")
        return dict(sorted(lake.items())), kept

    def _filesystem(self) -> S3FileSystem:
        try:
            keys = self._keys()
        except ConfigurationError as failure:
            raise EngineError(EngineErrorKind.UNAVAILABLE, str(failure)) from None
        reached = self._reached
        if reached is None or reached[0] != keys:
            self._reached = reached = (keys, _reach(self.place, keys))
        return reached[1]

    def _has_new_keys(self) -> bool:
        """Ask anew for keys that were refused."""
        try:
            renewed = [renew_secret(each) for each in (self.place.access_key, self.place.secret_key)]
            return True in renewed  # both were asked for: they belong together
        except ConfigurationError:
            return False

    def _keys(self) -> AwsKeys:
        place = self.place
        if not place.access_key:
            return self._chain.keys()
        return AwsKeys(
            access_key=read_secret(place.access_key, self._environment),
            secret_key=read_secret(place.secret_key, self._environment),
        )


class _Files(AbstractFileSystem):  # type: ignore[misc]  # published without types
    """The listing as the engine asks for it; nothing can be written, listed or made."""

    protocol = PROTOCOL
    cachable = False

    def __init__(self, bucket: Bucket) -> None:
        super().__init__()
        self._bucket = bucket

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return path

    def open(self, path: str, mode: str = "rb", **_: object) -> Any:
        """Open a file to be read."""
        if mode != "rb":
            raise PermissionError(mode)
        return self._bucket.open(path)

    def info(self, path: str, **_: object) -> dict[str, object]:
        """Return size and kind."""
        return {"name": path, "size": self._bucket.info(path).size, "type": "file"}

    def modified(self, path: str) -> Any:
        """Return when it was changed."""
        return self._bucket.info(path).mtime

    def glob(self, path: str, **_: object) -> list[str]:
        """Return the file of that name: patterns are none here."""
        return [path]


def _reach(place: S3Place, keys: AwsKeys) -> S3FileSystem:
    endpoint = urlsplit(place.endpoint)
    elsewhere = {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme} if place.endpoint else {}
    return S3FileSystem(
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        session_token=keys.session_token or None,
        region=place.region or REGION,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=REQUEST_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        **elsewhere,
    )


def _without_query(failure: Exception) -> str:
    """Amazon's words without what a signed address may hold."""
    return str(failure).partition("?")[0]
