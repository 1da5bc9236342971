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
        "password=hunter2\n",
        'login(password="let \\"me in")',
        "def f(password: str = 'horse', pwd=None): ...\n",
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
        "def login(user: str, password: str, count=5) -> None:",
        "class Form:\n    password: str\n    passphrase: SecretStr | None\n    pwd: bytes = b''",
        "def keep(self, raw):\n    self.password = raw\n    password = raw",
        "password = os.environ['DB_PASSWORD']",
        "password = get_password()",
        "password = settings.DATABASE",
        "password = None",
        "password=self.password",
        'password = "changeme"\npassword: <password>\npassword=${DB}\npassword = ""',
        'labels = {"password": "Password", "passwd": "Enter your password"}',
        'fields = ("username", "password", "email")',
        "if password: return",
        "if not password:\n    raise ValueError",
        "lambda password: hashed",
        "def connect(\n    username=None, password=None):\n    pass",
        "def wrapper(x): ...\ncls.set_password = wrapper",
        "password: the one to hash, of at least eight letters",
        "private_key = '/etc/ssl/key.pem'",
        "PWD=/home/me",
        'password_hash = "horse"',
        "login(\n    password=raw,\n    user=user,\n)",
        "--password=PASSWORD",
        "execute('UPDATE users SET password=:new, hash=%s')",
        'f"host=db password={word}"',
        "git checkout 9a038989604e8da62ecddbe2094b16ce1b778be1",
    ],
)
def test_ordinary_code_stays_as_it_is(code: str) -> None:
    assert redact(code).text == code


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2hunter2",
        "password: hunter2",
        "my password: hunter2",
        "  password: Summer!Rain # of the test server",
        'password = "let me in"',
        "db.password=horse",
        "DB_PASS=horse",
        "PGPASSWORD=horse psql shop",
        "mysql --password=horse -u root",
        "Server=db;Pwd=horse;Database=shop",
        'config["password"] = "horse"',
        '{"client_secret": "horse"}',
        'connect(user="me", password="horse", port=1)',
        'password: str | None = "horse"',
        "passphrase = 'Pa$$word'",
        'os.getenv("DB_PASSWORD", "horse")',
        'assert user.password == "horse"',
        "adminPassword: 4711",
        "password=password1",
        "password = john.smith!",
        "spring.datasource.password=horse",
        "password=ho,rse(battery",
        "host=db password=horse dbname=shop",
        "Here's my password: horse",
        "The password is: horse",
        'password = "HorseHorse"',
        "password: HorseHorse",
        'connect("host=db password=horse")',
        "CREATE USER me WITH PASSWORD 'horse'",
        "machine db login me password horse",
    ],
)
def test_a_password_is_hidden_though_it_is_a_word(text: str) -> None:
    hidden = redact(f"first line\n{text}\nlast line\n")

    (secret,) = hidden.secrets.values()
    assert not re.search(r"[Hh](?:orse|unter2)|Summer|let me|word1|4711|john|Pa\$", hidden.text), (secret, hidden.text)
    assert hidden.restore(hidden.text) == f"first line\n{text}\nlast line\n"


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["password={}", "  pwd: {}", 'passphrase = "{}"', "login(passwd='{}')", "--db-password={} -v"]),
    st.text("bhurt9!@", min_size=4, max_size=64),
)
def test_whatever_stands_under_such_a_name_is_hidden_and_put_back(line: str, password: str) -> None:
    text = f"[db]\n{line.format(password)}\n"

    hidden = redact(text)

    assert list(hidden.secrets.values()) == [password]
    assert hidden.restore(hidden.text) == text


def test_a_password_that_stands_in_two_ways_has_one_placeholder() -> None:
    hidden = redact("password=hunter2\npassword: hunter2\n")

    assert hidden.text == "password=REDACTED_1_SECRET\npassword: REDACTED_1_SECRET\n"


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
    [
        "a",
        "a.",
        "x-",
        "A",
        "--a-",
        "password",
        "password: a",
        "password: a[",
        "get_password('password', ",
        "PASSWORD=",
        "curl ",
        "://a:",
        "eyJaaaaaaaa.",
        "-----BEGIN PRIVATE KEY-----",
        "token=",
        'password = "',
    ],
)
def test_no_text_takes_long_to_search(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    before = time.process_time()

    redact(text)

    assert time.process_time() - before < 1.0
