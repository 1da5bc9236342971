"""A picture that is kept of a page shows how it is built, and nothing of what stands in it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from chat_site import PROFILE

from dreamscape.client.page import ChatPage
from dreamscape.client.sites import load_site
from dreamscape.client.tabs import Browser

PAGE = """<!doctype html><meta http-equiv="Content-Security-Policy" content="style-src 'nonce-x'">
<style nonce=x>
  * { font: 20px monospace } .loud { color: red !important } .filled { -webkit-text-fill-color: blue }
  .before::before { content: "WORD"; color: green }
</style>
<p>WORD<p class=loud>WORD<p class=filled>WORD<p class=before>
<svg width=200 height=40><text y=30>WORD</text></svg><div id=shade></div>
<textarea id=box>WORD</textarea><input value=WORD><input placeholder=WORD><select><option>WORD</select>
<dialog id=dialog>WORD</dialog>
<script>
  shade.attachShadow({ mode: "open" }).innerHTML = "<p class=loud>WORD";
  dialog.showModal();
</script>"""


def picture_of(tabs: Browser, folder: Path, word: str) -> bytes:
    (folder / "own.toml").write_text(PROFILE.format(url="http://127.0.0.1/"))
    tab = tabs.open_tab()
    try:
        tab.go(f"data:text/html,{quote(PAGE.replace('WORD', word))}", 30)
        return ChatPage(tab, load_site("own", (folder,))).picture()
    finally:
        tab.close()


def test_pages_that_differ_in_their_words_alone_have_the_same_picture(tabs: Browser, tmp_path: Path) -> None:
    first = picture_of(tabs, tmp_path, "SECRET")

    assert first == picture_of(tabs, tmp_path, "HIDDEN")
    assert first != picture_of(tabs, tmp_path, "LONGER-WORD")
