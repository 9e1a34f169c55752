from __future__ import annotations

import re
from pathlib import Path

import pytest

from spikeatlas.tasks.atlas import coordinator
from tests.flows.serving.conftest import Get


def test_the_index_lists_atlases_with_their_states(get: Get, served: Path) -> None:
    with coordinator(served / "stopped"):
        page = get("/")
    assert page.status == 200
    for text in (
        "a b/atlas.zarr",
        "complete",
        "running",
        "2 of 2",
        'href="a%20b/report/index.html"',
    ):
        assert text in page.text
    assert get("/").text != page.text
    assert "stopped/report" not in get("/a%20b/").text


def test_addresses_mirror_the_folder(get: Get, served: Path) -> None:
    assert get("/a%20b/report/index.html").text == "<body>the report</body>"
    assert get("/a%20b/report/explore.html").text == "<body>the explorer</body>"
    assert get("/a%20b/report/").text == "<body>the report</body>"
    whole = (served / "a b" / "atlas.zarr" / "zarr.json").read_text()
    assert get("/a%20b/atlas.zarr/zarr.json").text == whole


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/a%20b", "a%20b/"),
        ("//a%20b", "a%20b/"),
        ("/a%20b/report", "report/"),
        ("/stopped/report", "report/"),
    ],
)
def test_folders_end_with_a_slash_and_lead_nowhere_else(
    get: Get, address: str, target: str
) -> None:
    reply = get(address)
    assert (reply.status, reply.headers["location"]) == (307, target)


def test_an_atlas_without_a_page_is_shown_as_it_is(get: Get, served: Path) -> None:
    for address in (
        "/stopped/report/",
        "/stopped/report/index.html",
        "/stopped/report/explore.html",
    ):
        page = get(address)
        assert page.status == 200
        tag = page.headers["etag"]
        assert tag.strip('"') in page.text
        assert get(address, method="HEAD").headers["etag"] == tag
        assert get(address, if_none_match=tag).status == 304
    assert not (served / "stopped" / "report").exists()


@pytest.mark.parametrize(
    "address",
    [
        "/../outside/secret.png",
        "/%2e%2e/outside/secret.png",
        "/a%20b/..%2f..%2foutside/secret.png",
        "/a%20b/%252e%252e/x",
        "//etc/passwd",
        "/a%20b/out/secret.png",
        "/a%20b/secret.png",
        "/a%20b/out/",
        "/.hidden/page.html",
        "/.hidden/",
        "/a%20b/.lock",
        "/a%20b/weights.pt",
        "/private.png",
        "/a%20b/nothing.html",
        "/a%00b",
        "/a%20b%5c..%5c..%5coutside/secret.png",
        "/a%20b/atlas.zarr/../../../outside/secret.png",
        "/" + "a" * 5000,
    ],
)
def test_nothing_else_is_served(get: Get, address: str) -> None:
    reply = get(address)
    assert reply.status == 404
    assert "secret" not in reply.text.replace("/secret.png", "")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8350", "localhost.evil", ""]
)
def test_other_hosts_are_refused(get: Get, host: str) -> None:
    assert get("/", host=host).status == 400


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "127.0.0.1:8350"])
def test_this_machine_is_answered(get: Get, host: str) -> None:
    assert get("/", host=host).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(get: Get, method: str) -> None:
    reply = get("/a%20b/report/index.html", method=method)
    assert reply.status == 405
    assert sorted(reply.headers["allow"].split(", ")) == ["GET", "HEAD"]


@pytest.mark.parametrize(
    "address", ["/", "/a%20b/report/index.html", "/stopped/report/index.html", "/nothing"]
)
def test_no_answer_asks_another_machine(get: Get, address: str) -> None:
    reply = get(address)
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert reply.headers["x-content-type-options"] == "nosniff"
    text = reply.text.replace("http://www.w3.org/", "")
    assert not re.search(r"https?://", text)
    assert not re.search(r"""(src|href)=["']//""", text)


def test_a_damaged_atlas_says_so_on_every_page(get: Get, served: Path) -> None:
    (served / "stopped" / "atlas.zarr" / "zarr.json").write_text("{")
    assert "damaged" in get("/").text
    reply = get("/stopped/report/index.html")
    assert reply.status == 503
    assert "damaged" in reply.text


def test_a_name_of_markup_is_text(get: Get, served: Path) -> None:
    (served / "stopped").rename(served / "<b>&#x")
    page = get("/").text
    assert "&lt;b&gt;&amp;#x/atlas.zarr" in page
    assert 'href="%3Cb%3E%26%23x/report/index.html"' in page
    assert get("/%3Cb%3E%26%23x/report/index.html").status == 200
