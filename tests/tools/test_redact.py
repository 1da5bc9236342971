"""What leaves holds no secret, what comes back holds all of them again."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from required import missing

from dreamscape.tools.redact import named_secrets, read_env, redact, secret_values

PUBLISHED = Path(__file__).parents[2] / ".." / "shared" / "data" / "secrets-dev.b64.json"

AWS = "AKIA" + "Z7QK2MPLX4RT6WVB"
SECRETS = st.sampled_from(
    [
        AWS,
        "ghp_" + "a1B2c3D4e5F6" * 3,
        "https://me:hunter2hunter@host/",
        'api_key = "q8Zr4Lw0xT2m"',
        "REDACTED_1_SECRET",
    ]
)


@pytest.fixture(scope="module")
def published() -> dict[str, list[str]]:
    """Test strings of a scanner of secrets: "tp" holds secrets, "fp" what its rules take for none."""
    if not PUBLISHED.is_file():
        missing("shared data", f"there is no {PUBLISHED}")
    cases = json.loads(PUBLISHED.read_text())
    return {kind: [base64.b64decode(case[1]).decode() for case in cases[kind]] for kind in ("tp", "fp")}


def test_published_secrets_are_found(published: dict[str, list[str]]) -> None:
    missed = [text for text in published["tp"] if not redact(text).secrets]

    assert missed == []


def test_few_published_texts_without_a_secret_are_touched(published: dict[str, list[str]]) -> None:
    touched = [text for text in published["fp"] if redact(text).secrets]

    assert len(touched) <= 24, touched


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(SECRETS, st.text(), st.sampled_from(["REDACTED", "_", "\n", " = ", "1"]))))
def test_what_was_hidden_can_always_be_put_back(parts: list[str]) -> None:
    text = "".join(parts)

    hidden = redact(text, ["1_SE", "hunter2"])

    assert hidden.restore(hidden.text) == text


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text(), st.lists(st.text(min_size=4, alphabet="abc\n$.*("), min_size=1))
def test_no_known_value_is_left(before: str, after: str, known: list[str]) -> None:
    hidden = redact(before + known[0] + after, known)

    between = re.split("|".join(map(re.escape, hidden.secrets)), hidden.text)
    assert not any(value in part for value in known for part in between)


def test_one_secret_has_one_placeholder_and_the_rest_stays() -> None:
    hidden = redact(f'first = "{AWS}"\nother("x")\nassert first == "{AWS}"\n')

    assert hidden.text == 'first = "REDACTED_1_SECRET"\nother("x")\nassert first == "REDACTED_1_SECRET"\n'


def test_a_placeholder_in_an_answer_is_put_back_and_an_unknown_one_stays() -> None:
    hidden = redact(f"key {AWS}")

    assert hidden.restore("REDACTED_1_SECRET, REDACTED_12_SECRET") == f"{AWS}, REDACTED_12_SECRET"


def test_a_text_that_speaks_of_placeholders_gets_others() -> None:
    hidden = redact(f"REDACTED_1_SECRET is not {AWS}")

    assert hidden.text == "REDACTED_1_SECRET is not REDACTED_X_1_SECRET"


@pytest.mark.parametrize(
    "code",
    [
        "token = get_token(request.headers['x-1'], 12)",
        "password: str = field(default_factory=make_password_2)",
        'raise ValueError(f"wrong password for {user_1}")',
        "assert slugify('Total 3 of 4') == 'total-3-of-4'",
        "self.cache_key = self._key_for(module_12.name)",
        "https://docs.python.org/3/library/re.html#re.sub",
        "git checkout 9a038989604e8da62ecddbe2094b16ce1b778be1",
    ],
)
def test_ordinary_code_stays_as_it_is(code: str) -> None:
    assert redact(code).text == code


def test_values_of_an_env_file_are_secrets_but_for_everyday_words() -> None:
    content = (
        '# of the shop\nDEBUG=true\nPORT=8000\nMODE=production\nexport DB_PASSWORD="let me in"\n'
        "PIN_TOKEN=ab1c\nSITE=canary-7f3a # here\nEMPTY=\n"
    )

    assert secret_values(read_env(content)) == {"let me in", "ab1c", "canary-7f3a"}


def test_variables_named_like_secrets_are_secrets_but_for_the_shells_folders() -> None:
    variables = {"PWD": "/home/me", "OLDPWD": "/home", "DB_PWD": "ab12", "API_KEY": "qwert", "HOME": "/home/me"}

    assert named_secrets(variables) == {"ab12", "qwert"}


@pytest.mark.parametrize(
    "piece",
    ["a", "a.", "x-", "curl ", "://a:", "eyJaaaaaaaa.", "-----BEGIN PRIVATE KEY-----", "token=", 'password = "'],
)
def test_no_text_takes_long_to_search(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    before = time.process_time()

    redact(text)

    assert time.process_time() - before < 1.0
