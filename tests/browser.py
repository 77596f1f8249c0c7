"""A headless Chromium for tests, and whether there is one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1000,1100",
)  # fmt: skip


@contextmanager
def chromium(*flags: str) -> Iterator[Any]:
    """Give a selenium driver; the test is skipped where there is no browser to drive."""
    webdriver = pytest.importorskip("selenium.webdriver", reason='selenium is not installed: pip install "selenium>=4"')
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("no Chromium to open the page in: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}", *flags):
            options.add_argument(flag)
        found = webdriver.Chrome(options, webdriver.ChromeService(driver))
        try:
            yield found
        finally:
            found.quit()


def requests_made(driver: Any) -> list[str]:
    """Return the addresses that the page asked for since the last call, its own file aside (the browser's own start page is not ours)."""
    import json

    found = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"].startswith("file:"):
            found.append(message["params"]["request"]["url"])
    return [url for url in found if not url.startswith(("file:", "data:", "about:"))]
