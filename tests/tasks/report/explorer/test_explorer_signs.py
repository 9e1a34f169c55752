"""The page of an atlas of the most and the least exciting images, whose responses have both signs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from spikeatlas.tasks.atlas import of_sign, open_tree
from spikeatlas.tasks.report import write_report
from tests.tasks.report.explorer.conftest import CHROMIUM, NARROW, WIDE, opened
from tests.tiny import atlas_folder, both_ends, built

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Debian's chromium (apt install chromium)"
)


@pytest.fixture(scope="module")
def signed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas, and its pages beside it."""
    folder = tmp_path_factory.mktemp("signed") / "run"
    shutil.copytree(atlas_folder(built(shared / "signed", both_ends)).parent, folder)
    write_report(folder / "atlas.zarr", folder / "report")
    return folder


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(
    browser: Browser, signed: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Page]:
    with opened(browser, signed / "report" / "explore.html", request.param, tmp_path) as window:
        yield window


def number(text: str) -> float:
    return float(text.replace("−", "-"))  # noqa: RUF001


def panel(page: Page, heading: str) -> str:
    """The text of a panel."""
    return page.locator(".panel", has=page.get_by_role("heading", name=heading)).first.inner_text()


def test_the_least_exciting_image_stands_beside_the_most_exciting_one(
    page: Page, signed: Path
) -> None:
    with open_tree(signed / "atlas.zarr") as tree:
        group = tree["layers/fc1"].sel(epoch=2).load()
    row = int(of_sign(group, -1).response.min(("search", "repeat")).values.argmin())
    most = float(of_sign(group, 1).response.max(("search", "repeat"))[row])
    least = float(of_sign(group, -1).response.min(("search", "repeat"))[row])
    page.goto(f"{page.url.split('#')[0]}#view=neuron&layer=fc1&neuron={group.neuron.values[row]}")
    moment = page.locator(".moment.current")
    expect(moment.locator(".pair > span")).to_have_count(2)
    assert [number(text) for text in moment.locator(".much").all_inner_texts()] == pytest.approx(
        [most, least], abs=1e-3
    )
    expect(moment.locator("canvas")).to_have_count(2)
    assert "least exciting image found" in panel(page, "Responses")
    assert "screened-least least exciting" in panel(page, "Repeats of the search")
    expect(page.locator(".searches .best")).to_have_count(2)
    assert "Undefined in fc1: responses may be below 0" in panel(page, "Class selectivity index")
    assert page.locator("path.ground").count() >= 1


def test_a_grid_of_either(page: Page) -> None:
    page.locator("#tabs").get_by_role("link", name="fc1", exact=True).click()
    expect(page.locator(".tile")).to_have_count(8)
    assert "The best found by the search" in page.locator("#grid .dim").first.inner_text()
    page.locator("select[data-field=method]").select_option("screened-least")
    expect(page.locator("#grid .dim").first).to_contain_text("The least exciting image")
    expect(page.locator(".tile canvas")).to_have_count(8)


def test_what_is_undefined_says_why(page: Page) -> None:
    assert "Undefined in conv2, fc1: responses may be below 0" in panel(
        page, "Class selectivity index"
    )
    assert "Undefined in conv2, fc1" in panel(page, "Population sparseness")


def test_the_report_shows_both(browser: Browser, signed: Path, tmp_path: Path) -> None:
    with opened(browser, signed / "report" / "index.html", WIDE, tmp_path) as page:
        expect(page.locator("h3", has_text="Most and least exciting images")).to_have_count(2)
        assert page.locator(".cell span", has_text="least").count() == 2 * (6 + 8)
        # the layers are not laid out before somebody scrolls to them
        reasons = page.locator("p.lack").all_text_contents()
        assert sum("responses of fc1 may be below 0" in text for text in reasons) == 1


def test_nothing_is_called_unselective_that_was_not_tested(page: Page) -> None:
    """The class selectivity index of signed responses is undefined, so nobody can say that a neuron is not selective."""
    row = page.locator("tr", has=page.get_by_role("rowheader", name="fc1")).first
    expect(row.locator("td").filter(has_text="-1 to 1")).to_have_count(1)
    assert row.locator("td.unit + td").inner_text() == "–"  # noqa: RUF001
