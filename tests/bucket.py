"""A local S3 server with one bucket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

BUCKET = "atlases"


@contextmanager
def serving_bucket() -> Iterator[str]:
    """The URL of an empty bucket that this process, and those it starts, can write to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    before = dict(os.environ)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(address, server)
            httpx.put(f"{address}/{BUCKET}").raise_for_status()
            os.environ.update(
                AWS_ENDPOINT_URL=address, AWS_ALLOW_HTTP="true", AWS_REGION="us-east-1",
                AWS_ACCESS_KEY_ID="canary-id", AWS_SECRET_ACCESS_KEY="canary-secret",  # noqa: S106
            )  # fmt: skip
            yield f"s3://{BUCKET}"
        finally:
            server.terminate()
            os.environ.clear()
            os.environ.update(before)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            httpx.get(address, timeout=1)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    message = "the S3 server did not start"
    raise RuntimeError(message)
