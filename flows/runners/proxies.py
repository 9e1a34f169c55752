"""The proxies of the environment: none stands between a run and its own machine."""

from __future__ import annotations

import logging
import os
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

log = logging.getLogger("spikeatlas")

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that are this machine."""

VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
"""Variables that name a proxy, in small or capital letters."""

EXEMPTIONS = ("no_proxy", "NO_PROXY")
"""Variables that name the hosts which are asked directly: programs read the one or the other."""


def spare_loopback() -> None:
    """Let neither this process nor any that it starts ask this machine through a proxy.

    Nor may a proxy stand in the environment that Prefect's client cannot speak to, for it would refuse to start
    even where it needs none: such a one is taken out, with a word.
    """
    _set_aside_unusable()
    hosts = next((value for name in EXEMPTIONS if (value := os.environ.get(name))), "")
    names = [host.strip() for host in hosts.split(",") if host.strip()]
    if "*" not in names:
        names += [host for host in LOOPBACK if host not in names]
    os.environ.update(dict.fromkeys(EXEMPTIONS, ",".join(names)))


def _set_aside_unusable() -> None:
    for name in [*VARIABLES, *map(str.upper, VARIABLES)]:
        proxy = os.environ.get(name)
        if proxy and not is_usable(proxy):
            del os.environ[name]
            log.warning(
                f"{name}={without_password(proxy)} is left aside: Prefect's client knows no such proxy; "
                "http:// is one that it knows, and socks5:// after pip install 'httpx[socks]'"
            )


def is_usable(proxy: str) -> bool:
    """Return True for a proxy that httpx, with which Prefect asks its server, can speak to."""
    scheme = proxy.partition("://")[0].lower() if "://" in proxy else "http"
    return scheme in ("http", "https") or (
        scheme in ("socks5", "socks5h") and find_spec("socksio") is not None
    )


def proxy_to(url: str) -> str | None:
    """Return the proxy through which a URL is asked, without its password; None where there is none."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.hostname or ""):
        return None
    return without_password(proxy)


def without_password(url: str) -> str:
    """Return a URL without the user and the password that it may hold."""
    before, at, after = url.rpartition("@")
    scheme = before.partition("://")[0] + "://" if "://" in before else ""
    return f"{scheme}{after}" if at else url
