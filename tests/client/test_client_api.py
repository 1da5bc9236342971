"""An OpenAI-compatible endpoint is asked once, answers exactly, and fails in words."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from api_site import STREAM, ApiSite, Reply, chunk, data, events, refusal, served, zipped

from dreamscape.client import api
from dreamscape.client.deadline import Deadlines
from dreamscape.domain.errors import (
    AnswerUnfinished,
    DreamscapeError,
    KeyRefused,
    ModelUnknown,
    PromptRefused,
    RateLimited,
    ServerFailed,
    SiteUnreachable,
    TimeSpent,
    UsageError,
)
from dreamscape.domain.models import Answer, ModelCard

KEY = "test-key-0815"
NASTY = "tab\there\r\n\n  blank  \n\u2028\x85\x0c end of line? \U0001f600 עברית \ufeff\x00 data: [DONE]\n\n"


@pytest.fixture
def site() -> Iterator[ApiSite]:
    with served(ApiSite()) as running:
        yield running


def card(site: ApiSite, **more: object) -> ModelCard:
    return replace(ModelCard("m", "api", url=site.address), **more)  # type: ignore[arg-type]


def ask(site: ApiSite, text: str = "hello", key: str = KEY, **more: object) -> Answer:
    pauses.clear()
    return api.ask(card(site, **more), key, text, pause=pauses.append)


pauses: list[float] = []
"""The waits of the last question, none of which took place."""


def test_prompt_and_answer_are_exact_and_the_tokens_are_the_servers(site: ApiSite) -> None:
    site.answer = lambda prompt, model: prompt

    answer = ask(site, NASTY, model="their/name")

    assert answer == Answer(NASTY, "m", tokens_in=7, tokens_out=5)
    assert site.asked[0] == {
        "model": "their/name",
        "messages": [{"role": "user", "content": NASTY}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert (site.headers[0]["Authorization"], site.paths) == (f"Bearer {KEY}", ["/v1/chat/completions"])


def test_without_a_key_none_is_sent_and_the_cards_name_is_the_models(site: ApiSite) -> None:
    ask(site, key="")

    assert "Authorization" not in site.headers[0]
    assert site.asked[0]["model"] == "m"


def test_no_answer_with_a_price_is_longer_than_what_was_reserved_for_it(site: ApiSite) -> None:
    why = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    site.replies = [Reply(pieces=[events("a")]), Reply(pieces=[events("b")]), refusal(400, why)]
    site.replies = [*site.replies, Reply(pieces=[events("c")])]

    ask(site, answer_tokens=9)
    ask(site, answer_tokens=9, usd_per_million_out=1.0)
    newer = ask(site, answer_tokens=9, usd_per_million_out=1.0)

    keys = [{key: value for key, value in asked.items() if "tokens" in key} for asked in site.asked]
    assert keys == [{}, {"max_tokens": 9}, {"max_tokens": 9}, {"max_completion_tokens": 9}]
    assert newer.text == "c"


@pytest.mark.parametrize("ending", ["", "/", "/chat/completions", "/chat/completions/"])
def test_an_address_may_be_written_with_or_without_its_end(site: ApiSite, ending: str) -> None:
    ask(site, url=site.address + ending)

    assert site.paths == ["/v1/chat/completions"]


def test_a_megabyte_comes_whole(site: ApiSite) -> None:
    text = NASTY * (2**20 // len(NASTY))
    site.answer = lambda prompt, model: text

    assert ask(site, text).text == text
    assert site.prompts == [text]


def test_how_far_the_answer_is_is_told(site: ApiSite) -> None:
    heard: list[int] = []

    answer = api.ask(card(site), KEY, "hello", heard.append)

    assert len(heard) > 3
    assert heard[-1] == len(answer.text)


def test_no_prompt_outlives_its_deadline(site: ApiSite) -> None:
    with pytest.raises(TimeSpent, match="no time is left"):
        api.ask(card(site), KEY, "hello", deadline=time.monotonic())
    assert site.asked == []

    site.replies = [Reply(pieces=[data(chunk("x"))], pause_s=0.02, lasts=True)]
    with pytest.raises(AnswerUnfinished, match="not finished in time"):
        api.ask(card(site), KEY, "hello", deadline=time.monotonic() + 0.2)


def test_who_stops_asking_ends_an_answer_that_streams(site: ApiSite) -> None:
    site.replies = [Reply(pieces=[data(chunk("x"))], pause_s=30)]
    among = Deadlines()
    heard = threading.Event()
    threading.Thread(target=lambda: (heard.wait(20), among.end())).start()
    began = time.monotonic()

    with pytest.raises(AnswerUnfinished, match="the client was closed"):
        api.ask(card(site), KEY, "hello", lambda length: heard.set(), among=among)

    assert time.monotonic() - began < 20


WHOLE = [
    pytest.param(Reply(pieces=[events("höflich")]), id="plain"),
    pytest.param(Reply(pieces=[bytes([byte]) for byte in events("höflich")]), id="a byte at a time"),
    pytest.param(Reply(pieces=[events("höflich").replace(b"\n", b"\r\n")]), id="CRLF"),
    pytest.param(Reply(pieces=[events("höflich").replace(b"\n", b"\r")]), id="CR"),
    pytest.param(Reply(pieces=[b"\xef\xbb\xbf: hello\n\n", b"event: x\n", events("höflich")]), id="BOM and comments"),
    pytest.param(Reply(pieces=[events("höflich").removesuffix(b"\n\n")]), id="no line's end"),
    pytest.param(Reply(pieces=[events("höflich").replace(b"data: ", b"data:")]), id="no blank"),
    pytest.param(Reply(pieces=[events("höflich").replace(b"\n\n", b"\n")]), id="no empty lines"),
    pytest.param(Reply(pieces=[events("höflich"), events("und mehr")]), id="more behind the end"),
    pytest.param(Reply(pieces=[events("höflich"), b": x\n\n"], lasts=True), id="endless behind the end"),
    pytest.param(Reply(pieces=[events("höflich").removesuffix(b"data: [DONE]\n\n")]), id="no end mark"),
    pytest.param(Reply(pieces=[data(chunk("höflich")), b"data: [DONE]\n\n"]), id="no reason for the end"),
    pytest.param(Reply(headers={}, pieces=[events("höflich")]), id="no type"),
    pytest.param(zipped(Reply(pieces=[events("höflich")])), id="gzip"),
]


@pytest.mark.parametrize("reply", WHOLE)
def test_streams_of_all_sorts_are_understood(site: ApiSite, reply: Reply) -> None:
    site.replies = [reply]

    answer = ask(site)

    assert (answer.text, answer.finished) == ("höflich", True)


def test_a_server_that_does_not_stream_is_understood(site: ApiSite) -> None:
    whole = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": NASTY}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    body = data(whole).removeprefix(b"data: ")
    site.replies = [Reply(headers={"Content-Type": "application/json"}, pieces=[body[:50], body[50:]])]

    assert ask(site) == Answer(NASTY, "m", tokens_in=3, tokens_out=4)


def test_what_a_model_thinks_aloud_is_no_part_of_its_answer(site: ApiSite) -> None:
    def thinking(**delta: object) -> dict[str, object]:
        return {"choices": [{"index": 0, "delta": delta}]}

    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "es"}]
    said = [
        thinking(role="assistant", content=None, reasoning_content="hm"),
        thinking(content="", reasoning="hm"),
        {"choices": [{"index": 1, "delta": {"content": "another choice"}}]},
        thinking(content="y"),
        thinking(content=parts),
        chunk(end="stop"),
        {"choices": None, "usage": None},
    ]
    site.replies = [Reply(pieces=[data(*said)])]

    assert ask(site).text == "yes"


def test_a_character_may_come_in_halves(site: ApiSite) -> None:
    said = b'data: {"choices": [{"delta": {"content": "%b"}}]}\n\n'
    site.replies = [Reply(pieces=[said % b"\\ud83d", said % b"\\ude00", data(chunk(end="stop"))])]

    assert ask(site).text == "\U0001f600"


def test_an_answer_that_was_cut_off_says_so(site: ApiSite) -> None:
    site.replies = [Reply(pieces=[events("half", "length")])]

    assert ask(site) == Answer("half", "m", finished=False, tokens_in=7, tokens_out=5)


def test_an_answer_that_a_filter_ended_is_a_refusal(site: ApiSite) -> None:
    site.replies = [Reply(pieces=[events("half", "content_filter")])]

    assert ask(site) == Answer("half", "m", finished=False, tokens_in=7, tokens_out=5, declined=True)


def test_a_refusal_is_told_from_an_answer_and_its_words_are_kept(site: ApiSite) -> None:
    def said(**delta: object) -> dict[str, object]:
        return {"choices": [{"index": 0, "delta": delta}]}

    no = [said(content=None, refusal=None), said(refusal="I'm sorry, "), said(refusal="no."), chunk(end="stop")]
    yes = [said(content="a refusal", refusal=None), said(content=' or {"refusal": "no"}'), chunk(end="stop")]
    whole = {"choices": [{"message": {"content": None, "refusal": "No."}, "finish_reason": "stop"}]}
    json_ = Reply(headers={"Content-Type": "application/json"}, pieces=[data(whole).removeprefix(b"data: ")])
    glued = data(*no).replace(b"\n\n", b"\n")
    site.replies = [Reply(pieces=[data(*no)]), Reply(pieces=[glued]), json_, Reply(pieces=[data(*yes)])]

    answers = [ask(site) for _ in range(4)]

    assert [(answer.text, answer.declined) for answer in answers] == [
        ("I'm sorry, no.", True),
        ("I'm sorry, no.", True),
        ("No.", True),
        ('a refusal or {"refusal": "no"}', False),
    ]


BROKEN = [
    pytest.param(Reply(pieces=[data(chunk("half"))], is_cut=True), "broke off", id="connection"),
    pytest.param(Reply(pieces=[data(chunk("half"))]), "its end never came", id="stream"),
    pytest.param(Reply(pieces=[events("half")[:70]]), "broke off", id="in an event"),
    pytest.param(Reply(pieces=[data(chunk("half"), chunk(end="abort")), b"data: [DONE]\n\n"]), "'abort'", id="abort"),
    pytest.param(Reply(pieces=[data(chunk("x"), {"error": {"message": "overloaded"}})]), "overloaded", id="error"),
    pytest.param(Reply(pieces=[b"data: [1]\n\n"]), "something else", id="no event"),
    pytest.param(Reply(pieces=[b'data: {"choices": ' + b"[" * 200_000 + b"\n\n"]), "no JSON", id="nested"),
    pytest.param(Reply(pieces=[b"data: " + b"x" * 2**20], lasts=True), "a line of more than", id="endless line"),
    pytest.param(Reply(pieces=[data(chunk("x" * 2**20))], lasts=True), "more than 16777216 char", id="endless answer"),
    pytest.param(
        Reply(headers={"Content-Type": STREAM, "Content-Encoding": "gzip"}, pieces=[b"no gzip"]), "broke off", id="gzip"
    ),
]


@pytest.mark.parametrize(("reply", "words"), BROKEN)
def test_an_answer_without_its_end_is_none_and_the_prompt_is_sent_once(site: ApiSite, reply: Reply, words: str) -> None:
    site.replies = [reply]

    with pytest.raises(AnswerUnfinished, match=words):
        ask(site)

    assert (len(site.asked), pauses) == (1, [])


@pytest.mark.parametrize(
    ("reply", "limits", "words"),
    [
        (Reply(pieces=[data(chunk("x"))], pause_s=30), {"silence_s": 0.2}, "silent for 0.2 s"),
        (Reply(pieces=[data(chunk("x"))], pause_s=0.02, lasts=True), {"answer_s": 0.3}, "not finished in time"),
        (Reply(pieces=[b": ping\n\n"], pause_s=0.02, lasts=True), {"answer_s": 0.3}, "not finished in time"),
        (Reply(pieces=[data(chunk("x"))], pause_s=30), {"answer_s": 0.3}, "not finished in time"),
    ],
)
def test_a_server_that_never_ends_is_left(site: ApiSite, reply: Reply, limits: dict[str, object], words: str) -> None:
    site.replies = [reply]
    began = time.monotonic()

    with pytest.raises(AnswerUnfinished, match=words):
        ask(site, **limits)

    assert time.monotonic() - began < 10
    assert len(site.asked) == 1


def test_a_server_that_never_ends_its_headers_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = ModelCard("m", "api", url=f"http://127.0.0.1:{server.getsockname()[1]}", answer_s=0.3)

        with pytest.raises(AnswerUnfinished, match="not finished in time"):
            api.ask(dripping, "", "hello")


REFUSED = [
    (refusal(401, f"wrong key {KEY}"), KeyRefused, r"\(401\): wrong key \*\*\*"),
    (refusal(403), KeyRefused, "403"),
    (refusal(402, "no credit"), KeyRefused, "no credit"),
    (refusal(404, "model 'm' not found"), ModelUnknown, "has no model 'm': model 'm' not found"),
    (refusal(400, "maximum context length is 4096 tokens"), PromptRefused, "too long for m"),
    (refusal(413), PromptRefused, "too long for m"),
    (refusal(400, "bad role"), PromptRefused, "refused by m .*bad role"),
    (refusal(429, "You exceeded your current quota"), RateLimited, "quota"),
    (refusal(500, "line\n\x1b[31mtwo " + "x" * 999), ServerFailed, r"\(500\): line \[31mtwo x{250,300}$"),
    (refusal(502), ServerFailed, "502"),
    (refusal(503), ServerFailed, "503"),
    (refusal(204), ServerFailed, "204"),
    (Reply(502, {"Content-Type": "text/html"}, [b"<html>Bad gateway</html>"]), ServerFailed, r"\(502\)$"),
    (Reply(200, {"Content-Type": "text/html"}, [b"<html>Log in</html>"]), ServerFailed, "a page for people"),
    (
        Reply(404, {"Content-Type": "text/html"}, [b"<html>Not found</html>"]),
        ServerFailed,
        r"a page for people \(404\)",
    ),
    (Reply(405, {"Content-Type": "text/html"}, [b"<html>No</html>"]), ServerFailed, r"a page for people \(405\)"),
    (Reply(200, {}, [b"?"]), AnswerUnfinished, "^m: .*its end never came"),
    (Reply(200, {}, [b"data: {"]), AnswerUnfinished, "^m: the stream broke off"),
]


@pytest.mark.parametrize(("reply", "kind", "words"), REFUSED)
def test_a_refusal_is_typed_and_final(site: ApiSite, reply: Reply, kind: type[DreamscapeError], words: str) -> None:
    site.replies = [reply]

    with pytest.raises(kind, match=words) as refused:
        ask(site)

    assert (len(site.asked), pauses) == (1, [])
    assert KEY not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("status", [200, 404, 405])
def test_a_page_where_a_model_should_be_makes_the_address_doubtful(site: ApiSite, status: int) -> None:
    site.replies = [Reply(status, {"Content-Type": "text/html; charset=utf-8"}, [b"<!doctype html><p>Welcome"])]

    with pytest.raises(ServerFailed) as refused:
        ask(site)

    assert "/v1" in refused.value.hint


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("reply", "waited"),
    [
        (refusal(429), (0.2,)),
        (refusal(429, Retry_After="7"), (7,)),
        (refusal(429, Retry_After="0.5"), (0.5,)),
        (refusal(429, Retry_After="soon"), (0.2,)),
        (refusal(429, Retry_After=in_seconds(-60)), (0,)),
        (refusal(503, Retry_After="3"), (3,)),
    ],
)
def test_a_server_that_asks_for_patience_is_asked_again(site: ApiSite, reply: Reply, waited: tuple[float]) -> None:
    site.replies = [reply, Reply(pieces=[events("at last")])]

    assert ask(site).text == "at last"
    assert (tuple(pauses), len(site.asked)) == (waited, 2)


def test_a_date_to_come_back_at_is_understood(site: ApiSite) -> None:
    site.replies = [refusal(429, Retry_After=in_seconds(30)), Reply(pieces=[events("at last")])]

    ask(site)

    assert 20 < pauses[0] <= 30


@pytest.mark.parametrize(
    ("replies", "asked"),
    [
        ([refusal(429)], 3),
        ([refusal(429, Retry_After="3600")], 1),
        ([refusal(429, Retry_After=in_seconds(3600))], 1),
        ([refusal(429), refusal(401)], 2),
    ],
)
def test_patience_ends(site: ApiSite, replies: list[Reply], asked: int) -> None:
    site.replies = replies

    with pytest.raises((RateLimited, KeyRefused)):
        ask(site)

    assert len(site.asked) == asked


def test_no_wait_is_longer_than_the_answer_may_take(site: ApiSite) -> None:
    site.replies = [refusal(429, Retry_After="7")]

    with pytest.raises(RateLimited, match=r"no more prompts"):
        ask(site, answer_s=5)

    assert pauses == []


def test_a_server_that_knows_no_usage_is_asked_without(site: ApiSite) -> None:
    site.replies = [refusal(422, "stream_options: extra inputs are not permitted"), Reply(pieces=[events("yes")])]

    assert ask(site).text == "yes"
    assert "stream_options" not in site.asked[1]


def test_a_key_is_never_taken_elsewhere(site: ApiSite) -> None:
    with served(ApiSite()) as elsewhere:
        site.replies = [Reply(307, {"Location": f"{elsewhere.address}/chat/completions"})]

        with pytest.raises(SiteUnreachable, match="elsewhere"):
            ask(site)

        assert elsewhere.asked == []


def test_the_environments_proxy_is_not_asked(site: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(ApiSite()) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)

        assert ask(site).text == "m: hello"
        assert proxy.asked == []


def test_who_does_not_listen_is_tried_again_and_told() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        nobody = ModelCard("m", "api", url=f"http://127.0.0.1:{deaf.getsockname()[1]}/v1")
        pauses.clear()

        with pytest.raises(SiteUnreachable, match="cannot be reached at http://127"):
            api.ask(nobody, KEY, "hello", pause=pauses.append)

    assert pauses == list(api.PAUSES_S)


@pytest.mark.parametrize("url", ["http://a..b/v1", "http://ex ample/v1", f"http://{'a' * 70}.example/v1"])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises((UsageError, SiteUnreachable)):
        api.ask(ModelCard("m", "api", url=url), "", "hello", pause=pauses.append)


def test_half_a_character_is_not_sent(site: ApiSite) -> None:
    with pytest.raises(PromptRefused, match="half a character"):
        ask(site, "\ud800")

    assert site.asked == []


def test_no_log_holds_the_key(site: ApiSite, caplog: pytest.LogCaptureFixture) -> None:
    site.replies = [refusal(429, f"{KEY} is busy"), Reply(pieces=[data({"error": f"{KEY} is bad"})])]

    with caplog.at_level(logging.DEBUG), pytest.raises(AnswerUnfinished, match=r"\*\*\* is bad"):
        ask(site)

    assert "is busy" in caplog.text
    assert KEY not in caplog.text


def test_an_encrypted_endpoint_is_asked_where_its_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    subprocess.run([*make, *name, "-keyout", private, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    api._certificates.cache_clear()
    with served(ApiSite(), context) as site:
        url = site.address.replace("127.0.0.1", "localhost")

        with pytest.raises(SiteUnreachable, match="certificate verify failed"):
            ask(site, url=url)

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        api._certificates.cache_clear()
        assert ask(site, url=url).text == "m: hello"
        site.replies = [Reply(pieces=[data(chunk("x"))], pause_s=0.02, lasts=True)]
        with pytest.raises(AnswerUnfinished, match="not finished in time"):
            ask(site, url=url, answer_s=0.5)
    api._certificates.cache_clear()
