"""Proxies of the environment, and the way to this machine."""

from __future__ import annotations

import logging
import os

import httpx
import pytest

from spikeatlas.flows.runners.proxies import proxy_to, spare_loopback
from tests.flows.runners.answering import answering

DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ, "NO_PROXY", "no_proxy"]:
        if name.lower().endswith("_proxy"):
            # set first: what the program sets is undone as well
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"])
@pytest.mark.parametrize(
    "exempt", [{}, {"NO_PROXY": "lab.example"}, {"no_proxy": "a, b"}, {"no_proxy": "*"}]
)
def test_this_machine_is_asked_directly(
    monkeypatch: pytest.MonkeyPatch, variable: str, exempt: dict[str, str]
) -> None:
    monkeypatch.setenv(variable, DEAD)
    for name, hosts in exempt.items():
        monkeypatch.setenv(name, hosts)

    spare_loopback()

    with answering() as api:
        assert httpx.get(f"{api}/health").is_success
        assert proxy_to(api) is None
    for hosts in exempt.values():
        for host in hosts.split(","):
            assert host.strip() in os.environ["NO_PROXY"].split(",")
            assert proxy_to(f"https://{host.strip()}/") is None


def test_other_hosts_keep_their_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.example:3128")
    spare_loopback()
    assert proxy_to("https://data.example/mnist") == "http://proxy.example:3128"


@pytest.mark.parametrize("proxy", ["socks://127.0.0.1:9", "quic://me:secret@127.0.0.1:9"])
def test_a_proxy_that_prefect_cannot_speak_to_is_set_aside(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with caplog.at_level(logging.WARNING, "spikeatlas"):
        spare_loopback()
    with answering() as api:
        assert httpx.get(f"{api}/health").is_success
    assert "ALL_PROXY=" in caplog.text
    assert "is left aside" in caplog.text
    assert "secret" not in caplog.text
