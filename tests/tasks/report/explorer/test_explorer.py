"""The page as a person meets it, in Debian's chromium."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.data import load_data
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.stages.conclude import conclude
from tests.tasks.report.explorer.conftest import CHROMIUM, NARROW, WIDE, opened, plant_switch
from tests.tiny import atlas_folder

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Debian's chromium (apt install chromium)"
)


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(
    browser: Browser, explored: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Page]:
    """The page, as ``opened``."""
    with opened(browser, explored, request.param, tmp_path) as window:
        yield window


def tab(page: Page, name: str) -> None:
    page.locator("#tabs").get_by_role("link", name=name, exact=True).click()


def test_the_switched_neuron_is_three_clicks_away(page: Page) -> None:
    tab(page, "conv2")
    page.get_by_label("switched", exact=True).check()
    expect(page.locator(".tile")).to_have_count(1)
    page.locator(".tile").click()
    expect(page.locator("#neuron h1")).to_contain_text("conv2, neuron 4")
    expect(page.locator(".story")).to_contain_text("switched from 3 to 5 at epoch 2")


def test_the_overview_shows_claims_accuracy_and_layers(page: Page) -> None:
    expect(page.locator(".claim")).to_have_count(3)
    expect(page.locator(".claim .answer").first).to_have_text("undecided")
    assert page.locator("#overview svg.chart").count() >= 3
    page.locator("#overview .states").get_by_role("link", name="fc1").click()
    expect(page.locator("#grid h1")).to_contain_text("fc1")
    page.go_back()
    page.locator("#overview .states tr").nth(1).get_by_role("link").last.click()
    expect(page.locator(".tile .flag.switched")).to_have_text(["3→5"])


def test_every_panel_of_a_neuron_is_filled(page: Page) -> None:
    tab(page, "conv2")
    page.locator(".tile").first.click()
    headings = page.locator("#neuron .panel h3")
    for name in (
        "MEI over training",
        "Repeats of the search",
        "Diverse set",
        "Best test images",
        "Tuning curve",
        "Cross-response",
        "Drift of the MEI",
        "Search curves",
        "Measures",
    ):
        expect(headings.get_by_text(name, exact=True)).to_have_count(1)
    expect(page.locator("#neuron .heat tbody tr")).to_have_count(3)
    expect(page.locator("#neuron .moment")).to_have_count(3)
    expect(page.locator("#neuron .tuning li")).to_have_count(10)


def test_the_pictures_are_the_stimuli(browser: Browser, varied: Checked, tmp_path: Path) -> None:
    atlas = varied.run.atlas
    file = write_report(atlas, tmp_path / "report").with_name("explore.html")
    with open_tree(atlas) as tree:
        group = tree.layer("conv2").isel(epoch=-1).load()
    test = load_data(varied.study.data).test.images
    # the last neuron that has some: the pictures of others come before its own
    counts = group.diverse_count.isel(
        search=0, repeat=group.response.isel(search=0).argmax("repeat")
    )
    neuron = int(np.flatnonzero(counts > 0)[-1])
    mine = group.isel(neuron=neuron, search=0)
    with opened(browser, file, WIDE, tmp_path) as page:
        page.goto(f"{file.as_uri()}#view=neuron&layer=conv2&neuron={int(mine.neuron)}")
        expect(page.locator("#neuron h1")).to_contain_text(f"neuron {int(mine.neuron)}")
        repeats, diverse, natural = (
            panel(page, name)
            for name in ("Repeats of the search", "Diverse set", "Best test images")
        )
        assert np.array_equal(pixels(repeats), mine.mei.values)
        frames = repeats.locator("figure").evaluate_all("all => all.map(f => f.className)")
        best = mine.isel(repeat=frames.index("best"))
        assert best.response == mine.response.max()
        assert np.array_equal(pixels(page.locator(".moment.current"))[0], best.mei)
        assert best.diverse_count == counts[neuron]
        assert np.array_equal(pixels(diverse), best.diverse.values[: int(best.diverse_count)])
        liked = mine.natural_top.values[mine.natural_top_response.values > 0]
        assert np.array_equal(pixels(natural), test[liked])


def panel(page: Page, name: str) -> Locator:
    return page.locator(".panel", has=page.get_by_role("heading", name=name, exact=True))


def pixels(pictures: Locator) -> np.ndarray:
    """Return the grey pixels (n, 1, height, width) of the pictures in a piece of the page."""
    canvases = pictures.locator("canvas")
    expect(pictures.locator("canvas[data-drawn]")).to_have_count(canvases.count())
    texts = canvases.evaluate_all("all => all.map(c => c.toDataURL('image/png').split(',')[1])")
    read = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")) for text in texts
    ]
    pixels = np.stack(read)
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0][:, None]


def test_a_neuron_page_says_what_beats_the_search_and_what_blank_images_do(
    page: Page, compared: Checked
) -> None:
    with open_tree(compared.run.atlas) as tree:
        best = tree["best/conv2"].isel(epoch=-1).load()
        blank = tree["blank/conv2"].blank_response.isel(epoch=-1).load()
        step = tree["layers/conv2"].response.attrs["spike_step"]
    lost = best.best_known_source != "search"
    tab(page, "conv2")
    expect(page.locator(".tile .flag.beaten")).to_have_count(int(lost.sum()))
    for neuron in best["neuron"].values[[lost.values.argmax(), lost.values.argmin()]]:
        page.goto(f"{page.url.split('#')[0]}#view=neuron&layer=conv2&neuron={neuron}")
        expect(page.locator("#neuron h1")).to_contain_text(f"neuron {neuron} ")
        responses = panel(page, "Responses")
        cells = responses.locator("td").all_inner_texts()
        mine = blank.sel(neuron=neuron)
        assert cells[0] == f"{float(best.response.sel(neuron=neuron)):.3f}"
        assert cells[2:] == [f"{float(value):.3f}" for value in mine]
        expect(responses.locator("figcaption")).to_contain_text("One spike adds")
        told = re.search(r"adds ([\d.]+) to", responses.locator("figcaption").inner_text())
        assert told is not None
        assert abs(float(told[1]) - step) < 0.01 * step
        if lost.sel(neuron=neuron):
            known = f": {float(best.best_known.sel(neuron=neuron)):.3f}."
            expect(responses.locator(".beaten")).to_contain_text("Beaten by ")
            expect(responses.locator(".beaten")).to_contain_text(known)
        else:
            expect(responses.locator(".beaten")).to_have_count(0)


def test_an_address_brings_a_view_back(page: Page) -> None:
    tab(page, "fc1")
    page.locator("select[data-field=sort]").select_option("lifetime_sparseness")
    page.get_by_role("button", name="Epoch before").click()
    expect(page.locator("#grid h1")).to_contain_text("at epoch 1")
    order = page.locator(".tile").evaluate_all("tiles => tiles.map(t => t.dataset.neuron)")
    page.reload()
    expect(page.locator("#grid h1")).to_contain_text("at epoch 1")
    assert page.locator(".tile").evaluate_all("tiles => tiles.map(t => t.dataset.neuron)") == order
    page.locator(".tile").first.click()
    expect(page.locator("#neuron h1")).to_contain_text("fc1, neuron")
    page.go_back()
    expect(page.locator("#grid h1")).to_contain_text("fc1")
    page.goto(page.url.split("#")[0] + "#view=neuron&layer=conv9&neuron=999&epoch=77")
    expect(page.locator("#grid h1")).to_contain_text("conv2")


def test_keys_are_enough(page: Page) -> None:
    tab(page, "conv2")
    page.locator(".tile").first.focus()
    page.keyboard.press("ArrowRight")
    second = page.locator(".tile").nth(1)
    expect(second).to_be_focused()
    name = second.get_attribute("data-neuron")
    page.keyboard.press("Enter")
    expect(page.locator("#neuron h1")).to_contain_text(f"conv2, neuron {name}")
    page.keyboard.press("[")
    expect(page.locator("#neuron h1")).to_contain_text("at epoch 1")
    page.locator(".heat td").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".heat tbody tr").nth(1).locator("td").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#grid h1")).to_contain_text("conv2")
    page.keyboard.press("Escape")
    expect(page.locator("#overview h1")).to_be_visible()


def test_filters_say_how_many_are_left(page: Page) -> None:
    tab(page, "fc1")
    expect(page.locator("output").last).to_have_text("8 of 8 neurons")
    page.get_by_label("switched", exact=True).check()
    expect(page.locator("#grid .lack")).to_have_text(["No neuron passes these filters."])


def test_the_grid_comes_back_to_the_neuron_that_was_left(page: Page) -> None:
    tab(page, "fc1")
    name = page.locator(".tile").nth(5).get_attribute("data-neuron")
    page.locator(".tile").nth(5).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#neuron h1")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(f".tile[data-neuron='{name}']")).to_be_focused()


def test_a_control_keeps_the_focus_and_lets_go_by_escape(page: Page) -> None:
    tab(page, "conv2")
    switched = page.get_by_label("switched", exact=True)
    switched.focus()
    page.keyboard.press("Space")
    expect(page.locator(".tile")).to_have_count(1)
    expect(switched).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#overview h1")).to_be_visible()


def test_the_order_of_one_epoch_holds_at_the_others(page: Page) -> None:
    tab(page, "fc1")
    order = page.locator(".tile")
    page.locator("select[data-field=at]").select_option("2")
    last = order.evaluate_all("tiles => tiles.map(t => t.dataset.neuron)")
    page.locator("#time input").focus()
    page.keyboard.press("Home")
    expect(page.locator("#grid h1")).to_contain_text("at epoch 0")
    assert order.evaluate_all("tiles => tiles.map(t => t.dataset.neuron)") == last
    page.reload()
    expect(page.locator("select[data-field=at]")).to_have_value("2")
    page.locator("select[data-field=at]").select_option("")
    assert "at=" not in page.url


def test_drift_is_compared_in_several_ways(page: Page) -> None:
    tab(page, "conv2")
    page.locator(".tile").first.click()
    drift = panel(page, "Drift of the MEI")
    image = drift.locator("svg.chart").inner_html()
    drift.locator("select").select_option("response")
    expect(drift.locator("figcaption")).to_contain_text("difference of their responses")
    assert drift.locator("svg.chart").inner_html() != image
    page.reload()
    expect(drift.locator("select")).to_have_value("response")


@pytest.mark.parametrize(
    ("p", "sentence"),
    [
        (0.01, "The class read in its MEIs changed too, from epoch 1 to 2 (p 0.01)."),
        (
            0.5,
            "Its MEIs of epochs 1 and 2 are not read more differently than repeats of one epoch (p 0.5).",
        ),
        (np.nan, "Its MEIs could not be compared"),
    ],
)
def test_it_says_whether_the_meis_of_a_switched_neuron_changed(
    browser: Browser, compared_copy: Checked, tmp_path: Path, p: float, sentence: str
) -> None:
    atlas = atlas_folder(compared_copy)
    conclude(atlas)
    plant_switch(atlas, 4, p)
    file = write_report(atlas, tmp_path / "report").with_name("explore.html")
    with opened(browser, file, WIDE, tmp_path) as page:
        tab(page, "conv2")
        page.locator(".tile[data-neuron='4']").click()
        expect(page.locator(".story")).to_contain_text(sentence)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_half_an_atlas_shows_its_gaps(
    browser: Browser, compared_copy: Checked, tmp_path: Path, size: Any
) -> None:
    atlas = compared_copy.run.atlas
    root = zarr.open_group(atlas, mode="r+")
    status: Any = root["layers/fc1/status"]
    analysed: Any = root["progress/analysed"]
    crossed: Any = root["cross/crossed"]
    status[2], analysed[2], crossed[:] = np.uint8(0), np.uint8(0), np.uint8(0)
    file = write_report(atlas, tmp_path / "report").with_name("explore.html")
    with opened(browser, file, size, tmp_path) as page:
        expect(page.locator("#overview .alarm").first).to_contain_text("pending")
        page.goto(f"{file.as_uri()}#view=grid&layer=fc1&epoch=2")
        expect(page.locator(".tile .gap.pending")).to_have_count(8)
        expect(page.get_by_label("switched", exact=True)).to_be_disabled()
        page.locator(".tile").first.click()
        expect(page.locator(".moment .gap.pending")).to_have_count(1)
        expect(page.locator("#neuron .best")).to_have_count(0)
        expect(page.locator("#neuron .lack", has_text="No network has been shown")).to_be_visible()
