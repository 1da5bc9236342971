"""The chat site of the tests in a process of its own, so that what it costs is not counted as the client's."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this checkout is measured, whichever is installed
sys.path.insert(0, str(Path(sys.path[0], "tests", "sites")))
sys.path.insert(0, str(Path(sys.path[1], "tests", "fakes")))

from chat_site import PROFILE, ChatSite, npm_modules, served

from dreamscape.client.sites import SiteProfile, load_site

KINDS = ("textarea", "editable", "prosemirror")

_PIECES = (
    *(
        "word",
        "Über",
        "x = 1",
        "a\tb",
        "\t",
        "    indented",
        "  ",
        "trailing  ",
        "&amp;",
        "&lt;b&gt; &nbsp;",
        "<b>bold</b>",
    ),
    *("<script>alert(1)</script>", "<!-- no comment -->", "**bold** _it_ `code`", "```python\nprint('`')\n```"),
    *(
        "````md\n```\nfence in a fence\n```\n````",
        "😀👩‍👩‍👧‍👦🏳️‍🌈",
        "עברית שלום",
        "مرحبا بالعالم",
        "zero\u200bwidth\u200d\u2060",
    ),
    *(
        "\u202eright to left\u202c",
        "non\u00a0breaking",
        "e\u0301",
        "漢字",
        "\\n \\t \\",
        "$1 $& %s {}",
        "'\"`",
        "# head",
        "- item",
    ),
)
_ENDS = ("\n", "\n\n", "\n\n\n", " ", " \n", "\t\n", "")


def nasty(source: random.Random, longest: int = 5000, *, is_answer: bool = False) -> str:
    """A text of 1 to ``longest`` characters with all that was ever lost or changed on the way through a web page.

    Only answers have carriage returns: a prompt box holds none.
    """
    length = int(longest ** source.random())
    ends = (*_ENDS, "\r\n", "\r\n\r\n", "\r") if is_answer else _ENDS
    text = source.choice("aZ9é漢😀&<`")
    while len(text) < length:
        text += source.choice(_PIECES) + source.choice(ends)
    return text[:length]


def answer_to(prompt: str) -> str:
    """What the site answers to a prompt that it was given no answer for; another for every other prompt."""
    return nasty(random.Random(prompt), is_answer=True)


@dataclass
class _BenchSite(ChatSite):
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Noted:
    """How often a prompt arrived, and when what befell it last (`time.monotonic`)."""

    count: int
    arrived_at: float | None
    finished_at: float | None
    drawn_at: float | None
    broken_at: float | None


class Site:
    """The other process. Every method may be called from any thread."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lock = threading.Lock()
        self.address: str = self._told()["address"]
        self.pid = process.pid

    def set(self, **fields: object) -> None:
        """Sets fields of ChatSite; ``answers`` are those to single prompts, ``release`` sets or clears the event."""
        self._say({"set": fields})

    def get(self, name: str) -> Any:
        """A field of ChatSite."""
        return self._say({"get": name})[name]

    def prepare(self, prompt: str, answer: str, fault: str = "") -> None:
        """Says what a prompt (or a page, such as ``/?so``) is answered, and what goes wrong with it."""
        self._say({"prepare": prompt, "answer": answer, "fault": fault})

    def noted(self, prompt: str) -> Noted:
        """What is known of one prompt."""
        return Noted(**self._say({"noted": prompt}))

    def forget(self) -> None:
        """Empties what was noted of prompts, and what was said of single ones."""
        self._say({"forget": True})

    def profile(self, folder: Path, name: str = "own", **keys: object) -> SiteProfile:
        """The site's profile, with some keys of it set otherwise."""
        words = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        usual = [line for line in PROFILE.format(url=self.address).splitlines(True) if line.split(" = ")[0] not in keys]
        (folder / f"{name}.toml").write_text("".join(usual) + words)
        return load_site(name, (folder,))

    def _say(self, words: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        with self._lock:
            print(json.dumps(words), file=self._process.stdin, flush=True)
            return self._told()

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


@contextmanager
def running_site(**fields: object) -> Iterator[Site]:
    """The site, while the block runs."""
    words = [sys.executable, __file__]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            site = Site(process)
            site.set(**fields)
            yield site
        finally:
            process.kill()


def _modules() -> Path:
    from platformdirs import user_cache_path

    folder = user_cache_path("dreamscape-tests") / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    return npm_modules(folder)


def _obey(site: _BenchSite, words: dict[str, Any]) -> dict[str, object]:
    for name, value in words.get("set", {}).items():
        if name == "release":
            site.release.set() if value else site.release.clear()
        else:
            setattr(site, name, frozenset(value) if name == "ways" else value)
    if "prepare" in words:
        site.answers[words["prepare"]] = words["answer"]
        site.faults[words["prepare"]] = words["fault"]
    if words.get("forget"):
        for noted in (site.prompts, site.answers, site.faults, *_times(site).values()):
            noted.clear()
    if "noted" in words:
        prompt = words["noted"]
        return {"count": site.prompts.count(prompt)} | {key: at.get(prompt) for key, at in _times(site).items()}
    return {words["get"]: getattr(site, words["get"])} if "get" in words else {}


def _times(site: ChatSite) -> dict[str, dict[str, float]]:
    return {key: getattr(site, key) for key in ("arrived_at", "finished_at", "drawn_at", "broken_at")}


def main() -> None:
    site = _BenchSite(modules=_modules())
    site.answer = lambda prompt, model: site.answers.get(prompt) or answer_to(prompt)
    with served(site):
        print(json.dumps({"address": site.address}), flush=True)
        for line in sys.stdin:
            print(json.dumps(_obey(site, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
