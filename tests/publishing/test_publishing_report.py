"""The page of a ranking, looked at and used in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dreamscape.domain.report import ReportSource
from dreamscape.domain.rows import FileRow, FunctionRow, Rows
from dreamscape.domain.scan import CacheUse, GraphSize, ScanResult, SkippedFile
from dreamscape.publishing.report import report_page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

TEMPLATE = (Path(__file__).parents[2] / "config/report/report.html.j2").read_text("utf-8")
NASTY = "shop/<img src=x onerror=alert(1)>.py"
FILES = {
    "shop/cart.py": (0.9, 400, 12),
    "shop/stock.py": (0.5, 200, 30),
    "shop/deep/prices.py": (0.3, 100, None),
    NASTY: (0.2, 50, 1),
    "tests/test_cart.py": (0.1, 50, 2),
}
IMPORTS = (("shop/cart.py", "shop/stock.py"), ("shop/stock.py", "shop/deep/prices.py"), ("shop/deep/prices.py", NASTY))


def row(rank: int, path: str, impact: float, sloc: int, churn: int | None) -> FileRow:
    function = FunctionRow("add", 3, 9, 4, 0, impact)
    return FileRow(
        path=path, rank=rank, impact=impact, risk=impact, reach=0.1, effort=0.2, sloc=sloc, complexity=rank,
        max_complexity=rank, maintainability=50.0, centrality=0.0, churn=churn, failures=None, repairs=None,
        runtime=None, coverage=None, test_seconds=None, fixes=None, authors=None, age=None,
        why=(f"because of {path}",), functions=(function,),
    )  # fmt: skip


def source(**more: Any) -> ReportSource:
    rows = Rows.of(row(rank, path, *values) for rank, (path, values) in enumerate(FILES.items(), 1))
    skipped = (SkippedFile("bad & old.py", "syntax error in line 3"),)
    scan = ScanResult("shop", rows, skipped, GraphSize(5, 3), CacheUse(0, 5), 0.1, ("churn is unknown",))
    trends = {"shop/cart.py": (0.2, 0.6, 0.9), "shop/stock.py": (0.5,)}
    return ReportSource(scan, datetime(2026, 1, 2, 3, 4, tzinfo=UTC), IMPORTS, trends, **more)


def test_nothing_of_the_project_becomes_markup_and_nothing_is_fetched() -> None:
    page = report_page(source(), TEMPLATE)

    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert "bad &amp; old.py: syntax error in line 3" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert "default-src 'none'" in page


def test_an_empty_project_is_a_page_too() -> None:
    scan = ScanResult("nothing", Rows.of(()), (), GraphSize(0, 0), CacheUse(0, 0), 0.0)

    page = report_page(ReportSource(scan, datetime(2026, 1, 1, tzinfo=UTC)), TEMPLATE)

    assert "0 files" in page
    assert "What depends on what" not in page


def test_the_legend_says_that_colour_is_relative_and_to_what() -> None:
    page = report_page(source(), TEMPLATE)

    assert "Colour is impact against this project's highest: 0" in page
    assert re.search(r'id="legend">.*</span> 0\.90\.', page)


@pytest.fixture
def shown(browser: Chrome, tmp_path: Path) -> Chrome:
    """The browser with the page open, its earlier messages read away."""
    file = tmp_path / "report.html"
    file.write_text(report_page(source(), TEMPLATE), "utf-8")
    browser.get_log("browser")
    browser.get(file.as_uri())
    return browser


def found(chrome: Chrome, selector: str) -> list[WebElement]:
    return chrome.find_elements("css selector", selector)


def paths(chrome: Chrome) -> list[str]:
    """The paths in the list, as they stand."""
    return [
        str(each.get_attribute("data-path")) for each in found(chrome, "#files > tbody > tr") if each.is_displayed()
    ]


def test_areas_and_colours_tell_size_and_impact(shown: Chrome) -> None:
    area = {
        str(tile.get_attribute("data-path")): float(rect.size["width"]) * float(rect.size["height"])
        for tile in found(shown, "a.tile")
        for rect in tile.find_elements("css selector", "rect")
    }
    fill = {str(t.get_attribute("data-path")): t.find_element("css selector", "rect").value_of_css_property("fill")
            for t in found(shown, "a.tile")}  # fmt: skip

    assert set(area) == set(FILES)
    assert area["shop/cart.py"] > 1.8 * area["shop/stock.py"]
    assert len(set(fill.values())) == len(FILES)
    assert shown.get_log("browser") == []


def test_a_tile_leads_to_its_file_by_click_and_by_keyboard(shown: Chrome) -> None:
    from selenium.webdriver.common.keys import Keys

    found(shown, "a.tile[data-path='shop/stock.py']")[0].click()
    row_has_focus(shown, "shop/stock.py")

    shown.get(shown.current_url.partition("#")[0])
    found(shown, "body")[0].send_keys(Keys.TAB)
    first = str(shown.switch_to.active_element.get_attribute("data-path"))
    shown.switch_to.active_element.send_keys(Keys.ENTER)
    row_has_focus(shown, first)


def row_has_focus(chrome: Chrome, path: str) -> None:
    """Waits for the page to have led to a file's row."""
    from selenium.webdriver.support.ui import WebDriverWait

    def is_there(chrome: Chrome) -> bool:
        focused = chrome.switch_to.active_element
        return (focused.tag_name, focused.get_attribute("data-path")) == ("tr", path)

    WebDriverWait(chrome, 20).until(is_there, f"no focus on the row of {path}")


def test_the_list_is_sorted_and_filtered(shown: Chrome) -> None:
    churn = found(shown, "button[data-key=churn]")[0]

    churn.click()
    assert paths(shown)[:2] == ["shop/stock.py", "shop/cart.py"]
    assert churn.find_element("xpath", "..").get_attribute("aria-sort") == "descending"
    churn.click()
    assert paths(shown)[0] == "shop/deep/prices.py"
    found(shown, "button[data-key=path]")[0].click()
    assert paths(shown) == sorted(FILES, key=str.lower)

    found(shown, "#filter")[0].send_keys("PRICES")
    assert paths(shown) == ["shop/deep/prices.py"]
    assert found(shown, "#shown")[0].text == "1 of 5"
    found(shown, "a.tile[data-path='shop/cart.py']")[0].click()
    row_has_focus(shown, "shop/cart.py")
    assert len(paths(shown)) == 5, "a file that the filter hides is shown when it is asked for"


def test_imports_light_up_and_who_imports_stands_left(shown: Chrome) -> None:
    left = {str(each.get_attribute("data-path")): each.rect["x"] for each in found(shown, "a.node")}
    assert left["shop/cart.py"] < left["shop/stock.py"] < left["shop/deep/prices.py"] < left[NASTY]

    shown.execute_script("arguments[0].focus()", found(shown, "a.node[data-path='shop/stock.py']")[0])

    assert len(found(shown, ".link.is-near")) == 2
    assert len(found(shown, "svg.spark")) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_light_and_dark(shown: Chrome, scheme: str) -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        ink = found(shown, "body")[0].value_of_css_property("color")
        page = found(shown, "body")[0].value_of_css_property("background-color")
        assert (luminance(page) > 0.5) == (scheme == "light")
        assert contrast(ink, page) >= 7
        assert contrast(found(shown, ".dim")[0].value_of_css_property("color"), page) >= 4.5
    finally:
        shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def luminance(colour: str) -> float:
    """Relative luminance of ``rgb(...)`` as in WCAG 2.2."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
