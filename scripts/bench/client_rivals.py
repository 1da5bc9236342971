"""The ways in which chat pages are usually driven with selenium, to be measured beside ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dreamscape.client.sites import SiteProfile

if TYPE_CHECKING:
    from selenium.webdriver import Remote

POLL_S = 0.5
"""How often WebDriverWait looks unless told otherwise, and the best-known library for chat pages, too."""

_SEND = "document.querySelector('#send').click()"
_ENTER = """
const box = document.querySelector("#box");
Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, arguments[0]);
box.dispatchEvent(new InputEvent("input", { bubbles: true }));
"""


def open_page(driver: Remote, site: SiteProfile) -> None:
    """Loads the site and waits until its box can be used."""
    from selenium.webdriver.support.ui import WebDriverWait

    driver.get(site.url)
    is_ready = "return !!document.querySelector(arguments[0])"
    WebDriverWait(driver, 60, 0.05).until(lambda _: driver.execute_script(is_ready, ", ".join(site.box)))


def ask_from_textarea(driver: Remote, site: SiteProfile, prompt: str, wait: Callable[[Remote], None]) -> None:
    """One prompt, written at once so that nothing but the waiting differs."""
    open_page(driver, site)
    driver.execute_script(_ENTER, prompt)
    driver.execute_script(_SEND)
    wait(driver)


def wait_for_copy_button(driver: Remote) -> None:
    """Selenium's usual wait, with what it does unless told otherwise."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support import expected_conditions as seen
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, 60).until(seen.presence_of_element_located((By.CSS_SELECTOR, ".assistant .copy")))


def wait_until_stable(driver: Remote) -> None:
    """Reads the answer's text until it has been the same four times."""
    import time

    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.common.by import By

    text, same = "", 0
    while same < 4:
        time.sleep(POLL_S)
        try:
            now = driver.find_element(By.CSS_SELECTOR, ".assistant").text
        except WebDriverException:  # not there yet, or just drawn anew
            continue
        same = same + 1 if now == text and now else 1
        text = now


def type_prompt(driver: Remote, site: SiteProfile, prompt: str) -> None:
    """Key by key."""
    from selenium.webdriver.common.by import By

    driver.find_element(By.CSS_SELECTOR, ", ".join(site.box)).send_keys(prompt)
