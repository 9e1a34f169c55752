"""The page of an atlas whose layers have odd names, and whose responses have a unit of their own and any sign."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from spikeatlas.snn.subjects import LACKS
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.report import write_report
from tests.networks.odd_names import DEPTH, NAMES, deep_study, odd_study
from tests.tasks.report.explorer.conftest import CHROMIUM, NARROW, WIDE, opened
from tests.tiny import atlas_folder, built

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Debian's chromium (apt install chromium)"
)


@pytest.fixture(scope="module")
def odd(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of the study with odd names, and its pages beside it."""
    folder = tmp_path_factory.mktemp("odd") / "run"
    shutil.copytree(atlas_folder(built(shared / "odd", odd_study)).parent, folder)
    write_report(folder / "atlas.zarr", folder / "report")
    return folder


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(
    browser: Browser, odd: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Page]:
    with opened(browser, odd / "report" / "explore.html", request.param, tmp_path) as window:
        yield window


def panel(page: Page, heading: str) -> str:
    """The text of a panel."""
    return page.locator(".panel", has=page.get_by_role("heading", name=heading)).first.inner_text()


@pytest.mark.parametrize("name", NAMES)
def test_each_layer_has_a_tab_an_address_and_its_neurons(page: Page, odd: Path, name: str) -> None:
    page.locator("#tabs").get_by_role("link", name=name, exact=True).click()
    expect(page.locator("#grid h1")).to_contain_text(name)
    expect(page.locator(".tile")).to_have_count(4)
    page.reload()
    expect(page.locator("#grid h1")).to_contain_text(name)
    page.locator(".tile").first.click()
    expect(page.locator("#neuron h1")).to_contain_text(f"{name}, neuron ")
    page.keyboard.press("]")
    assert "dF/F" in panel(page, "Responses")
    assert "spike rate" not in page.locator("#neuron").inner_text().lower()


def test_negative_responses_are_shown_as_they_are(page: Page, odd: Path) -> None:
    with open_tree(odd / "atlas.zarr") as tree:
        best = tree[f"best/{NAMES[-1]}"].response.values[0]
    assert (best < 0).all()
    page.locator("#tabs").get_by_role("link", name=NAMES[-1], exact=True).click()
    shown = page.locator(".tile .much").all_inner_texts()
    highest = sorted(best, reverse=True)
    assert [float(text.replace("−", "-").split("▴")[0]) for text in shown] == pytest.approx(  # noqa: RUF001
        highest, rel=1e-3
    )
    page.locator(".tile").first.click()
    expect(page.locator(".tuning li")).to_have_count(10)
    assert page.locator(".tuning .bar").count() == 10
    expect(page.locator(".panel h3", has_text="Best test images")).to_have_count(1)
    assert page.locator("canvas[data-sheet^='natural/']").count() == 5


def test_zero_is_in_the_middle_of_a_scale_of_both_signs(page: Page) -> None:
    page.locator("#tabs").get_by_role("link", name=NAMES[-1], exact=True).click()
    page.locator(".tile").first.click()
    cell = page.locator(".heat .own")
    low, high = page.locator(".panel .scale span").all_inner_texts()
    assert low == high.replace("-", "") or low.lstrip("−-") == high  # noqa: RUF001
    # the one cell is as far below 0 as the scale goes
    assert "rgb(179, 71, 0)" in str(cell.evaluate("e => getComputedStyle(e).backgroundColor"))


def test_the_overview_says_all_that_the_network_lacks(page: Page) -> None:
    assert page.locator("#overview .lacks li").all_inner_texts() == list(LACKS.values())


def test_a_sentence_stands_where_the_network_has_nothing_to_show(page: Page) -> None:
    assert LACKS["readout"] in panel(page, "Test accuracy")
    expect(page.locator("#overview > .lack")).to_contain_text(LACKS["epochs"])
    page.locator("#tabs").get_by_role("link", name=NAMES[0], exact=True).click()
    page.locator(".tile").first.click()
    assert LACKS["epochs"] in panel(page, "Drift of the MEI")
    assert "no read-out" not in panel(page, "Tuning curve")


def test_the_places_of_the_report_are_found(browser: Browser, odd: Path, tmp_path: Path) -> None:
    with opened(browser, odd / "report" / "index.html", WIDE, tmp_path) as page:
        for name in NAMES:
            page.locator("nav").get_by_role("link", name=name, exact=True).click()
            heading = page.locator("h2", has_text=name)
            expect(heading).to_be_in_viewport()
        text = page.locator("body").inner_text()
        assert "spike rate" not in text.lower()
        assert "Unit of all responses: dF/F." in text
        assert page.locator("p.lack").count() == 1 + len(NAMES)
        assert page.locator("svg text", has_text=NAMES[2]).count() >= 2


@pytest.mark.parametrize(
    ("size", "share"), [({"width": 1366, "height": 768}, 0.15), (NARROW, 0.12)]
)
def test_many_layers_leave_the_screen_to_the_neurons(
    browser: Browser, shared: Path, tmp_path: Path, size: dict[str, int], share: float
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(atlas_folder(built(shared / "deep", deep_study)).parent, folder)
    write_report(folder / "atlas.zarr", folder / "report")
    name = f"layer{12 // 4}.0.sn12"
    with opened(browser, folder / "report" / "explore.html", size, tmp_path) as page:
        height = page.evaluate("document.querySelector('header').offsetHeight")
        assert height <= share * size["height"]
        expect(page.locator("#tabs a")).to_have_count(1 + DEPTH)
        page.goto(f"{page.url}#view=grid&layer={name}")
        expect(page.locator("#tabs [aria-current]")).to_have_text(name)
        page.wait_for_timeout(100)
        tab, bar = (page.locator(css).bounding_box() for css in ("#tabs [aria-current]", "#tabs"))
        assert tab
        assert bar
        assert bar["x"] - 1 <= tab["x"] <= bar["x"] + bar["width"] - tab["width"] + 1
    with opened(browser, folder / "report" / "index.html", size, tmp_path) as page:
        height = page.evaluate("document.querySelector('nav').offsetHeight")
        assert height <= share * size["height"]
