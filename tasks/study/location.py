"""The location of an atlas: a folder, or the URL of an object store."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from spikeatlas.snn.allowed_places import expand
from spikeatlas.snn.atomic import write_atomically

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az", "memory")
"""Of stores that can put an object on condition, which the lock of a run needs."""

PATIENCE = timedelta(seconds=60)
"""Time in which a request is tried again, at most RETRIES times."""

RETRIES = 10

ATLAS = "atlas.zarr"
"""Name of an atlas in the folder of its run."""


@dataclass(frozen=True)
class Url:
    """An object, or all below a name, in an object store; credentials come from the environment alone.

    Raises ValueError for another scheme, for one that carries a secret, and without a name.
    """

    address: str

    def __post_init__(self) -> None:
        """Refuse what cannot be used, before any work."""
        parts = urlsplit(self.address)
        if parts.scheme not in SCHEMES:
            allowed = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise ValueError(
                f"{self.address} is not of an object store that we can lock; allowed: {allowed}"
            )
        if "@" in parts.netloc or parts.query:
            message = (
                f"a URL of {parts.scheme}:// must not carry credentials: take them out, and set them in the environment "
                "(for S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"
            )
            raise ValueError(message)
        if not parts.netloc or not parts.path.strip("/"):
            raise ValueError(
                f"{self.address} names no object; write it as {parts.scheme}://bucket/name"
            )

    def __str__(self) -> str:
        """The URL."""
        return self.address

    @property
    def name(self) -> str:
        """Its last part."""
        return self.address.rstrip("/").rpartition("/")[2]

    @property
    def parent(self) -> Folder:
        """The folder that it lies in."""
        return Folder(self.address.rstrip("/").rpartition("/")[0])

    def with_name(self, name: str) -> Url:
        """Return its neighbour of that name."""
        return self.parent / name

    @property
    def below(self) -> ObjectStore:
        """The store of all that begins with its name."""
        return bucket(self.address.rstrip("/"))

    def read_text(self, encoding: str = "utf-8") -> str:
        """Return the object's text. Raises FileNotFoundError where there is none."""
        import obstore  # noqa: PLC0415 - an optional package

        return bytes(obstore.get(self.parent.bucket, self.name).bytes()).decode(encoding)

    def write_text(self, text: str, encoding: str = "utf-8") -> None:
        """Put the object, whole or not at all."""
        import obstore  # noqa: PLC0415

        obstore.put(self.parent.bucket, self.name, text.encode(encoding))


@dataclass(frozen=True)
class Folder:
    """The folder of an object: a bucket, or all below a name in one."""

    address: str

    def __truediv__(self, name: str) -> Url:
        """Return the object of that name."""
        return Url(f"{self.address}/{name}")

    def __str__(self) -> str:
        """The URL."""
        return self.address

    @property
    def name(self) -> str:
        """Its last part."""
        return self.address.rpartition("/")[2]

    @property
    def bucket(self) -> ObjectStore:
        """Its store."""
        return bucket(self.address)


Place: TypeAlias = Path | Url


def place(text: str | Path) -> Place:
    """Return the folder, or URL, that a user names for an atlas; of a run's folder the atlas in it.

    ValueError for what names neither.
    """
    if "://" in str(text):
        return Url(str(text))
    path = expand(text)
    within = path / ATLAS
    is_run = path.name != ATLAS and not (path / "zarr.json").exists() and within.is_dir()
    return within if is_run else path


def beside(path: Path, purpose: str) -> Path:
    """Return a neighbour of an atlas that is nobody's but ours, for a purpose: ``new``, ``grown``, ``retired``."""
    return path.with_name(f".{path.name}.spikeatlas-{purpose}")


@cache
def bucket(address: str) -> ObjectStore:
    """Return the store of all below ``address``, as the environment lets us in; memory lasts as long as the process.

    Raises ValueError when the package that reads it is not installed.
    """
    try:
        from obstore import store  # noqa: PLC0415
    except ImportError:
        raise ValueError(
            f"{address} needs the package obstore, which is not installed: pip install 'spikeatlas[remote]'"
        ) from None
    if address.startswith("memory://"):
        return store.MemoryStore()
    options: dict[str, Any] = {
        # no client_options: they would replace those of the environment (AWS_ALLOW_HTTP, proxies)
        "retry_config": {"max_retries": RETRIES, "retry_timeout": PATIENCE},
    }
    return store.from_url(address, **options)


def write_whole(path: Place, text: str) -> None:
    """Write a small file at once: a reader finds the old one or the new one."""
    if isinstance(path, Url):
        path.write_text(text)
        return
    write_atomically(path, text.encode())


def try_store(url: Url) -> None:
    """Put an object beside ``url`` and take it away again. ValueError, with what to do, when that cannot be done."""
    mark = f".writable-{uuid.uuid4().hex}"
    within = url.parent.bucket
    import obstore  # noqa: PLC0415 - an optional package
    from obstore.exceptions import BaseError  # noqa: PLC0415

    try:
        obstore.put(within, mark, b"", mode="create")
        obstore.delete(within, mark)
    except (BaseError, OSError) as error:
        message = (
            f"{url} cannot be written ({_reason(error)}): check the bucket's name, and credentials and endpoint in the "
            "environment (for S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL)"
        )
        raise ValueError(message) from error


def store_failure(error: Exception) -> str | None:
    """Say what an object store answered, and what to do; None for an error of anything else."""
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an optional package
    except ImportError:
        return None
    if not isinstance(error, BaseError):
        return None
    return (
        f"the object store of the atlas failed ({_reason(error)}): what is done is kept; check that it answers, and "
        "the credentials in the environment, and run the same command again to go on"
    )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split("Debug source")[0].split())
