"""The explorer of an atlas without searches, in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.report import write_report
from tests.tasks.report.explorer.conftest import CHROMIUM, NARROW, WIDE, opened
from tests.tiny import atlas_folder

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Debian's chromium (apt install chromium)"
)


def explorer_of(checked: Checked, folder: Path) -> Path:
    """Write the pages of an atlas elsewhere, with the claims beside it."""
    shutil.copytree(atlas_folder(checked).parent, folder)
    write_report(folder / "atlas.zarr", folder / "report")
    return folder / "report" / "explore.html"


@pytest.fixture(scope="module")
def file(sequences: Checked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return explorer_of(sequences, tmp_path_factory.mktemp("sequences") / "run")


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(
    browser: Browser, file: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Page]:
    with opened(browser, file, request.param, tmp_path) as window:
        yield window


def test_the_overview_has_all_but_meis(page: Page) -> None:
    text = page.locator("#overview").inner_text()
    assert "Nothing was searched (search.methods: [])" in text
    assert "no network's optimal stimuli were searched" in page.locator("#overview").inner_html()
    assert "unplanned" not in text
    assert "best known elsewhere" not in text
    expect(page.locator(".states tbody tr")).to_have_count(2)


def test_a_layer_shows_the_best_sequence_of_each_neuron(page: Page, sequences: Checked) -> None:
    page.locator("#tabs").get_by_role("link", name="conv2", exact=True).click()
    expect(page.locator(".tile")).to_have_count(len(sequences.run.layers["conv2"]))
    expect(page.locator(".tile canvas[data-drawn]").first).to_be_visible()
    text = page.locator("#grid").inner_text()
    assert "Each picture is a sequence of 3 frames, from left to right." in text
    assert "MEI" not in text
    page.locator("select[data-field=sort]").select_option("lifetime_sparseness")
    expect(page.locator(".tile")).to_have_count(len(sequences.run.layers["conv2"]))


def test_a_neuron_has_tuning_sequences_and_history(page: Page) -> None:
    page.locator("#tabs").get_by_role("link", name="conv2", exact=True).click()
    page.locator(".tile").first.click()
    expect(page.locator("#neuron h1")).to_contain_text("conv2, neuron ")
    headings = page.locator("#neuron .panel h3").all_inner_texts()
    expected = [
        "Best test sequence over training",
        "Responses",
        "Best test sequences",
        "Tuning curve",
    ]
    assert headings[:4] == expected
    assert len(headings) == len(expected) + 2
    expect(page.locator("#neuron .moment")).to_have_count(2)
    assert "MEI" not in page.locator("#neuron").inner_text()
    page.keyboard.press("[")
    expect(page.locator("#neuron h1")).to_contain_text("at epoch 0")


def test_an_ann_shows_what_1_is_and_where_0_is(
    browser: Browser, loud: Checked, tmp_path: Path
) -> None:
    file = explorer_of(loud, tmp_path / "run")
    with open_tree(loud.run.atlas) as tree:
        below = int(tree["natural/classes"].natural_response.values[0].min(axis=1).argmin())
    with opened(browser, file, WIDE, tmp_path) as page:
        page.goto(f"{file.as_uri()}#view=neuron&layer=act&neuron=1")
        text = page.locator(".panel", has_text="in units of").inner_text()
        assert "1 is an activity of " in text
        assert "which 1 % of natural images reach." in text
        assert "One spike" not in text
        assert page.locator(".tuning .zero").count() == 0
        page.goto(f"{file.as_uri()}#view=neuron&layer=classes&neuron={below}")
        expect(page.locator("#neuron h1")).to_contain_text(f"classes, neuron {below}")
        expect(page.locator(".tuning .zero")).to_have_count(10)
        assert "1 is an activity" not in page.locator("#neuron").inner_text()
        expect(page.get_by_text("No values: it is undefined here.")).to_have_count(1)
