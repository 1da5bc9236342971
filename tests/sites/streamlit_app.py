"""A Streamlit page that answers with a file of the present folder, streaming, and keeps the prompt in another."""

import time
from collections.abc import Iterator
from pathlib import Path

import streamlit


def words() -> Iterator[str]:
    text = Path("answer.md").read_bytes().decode()
    for start in range(0, len(text), 40):
        time.sleep(0.02)
        yield text[start : start + 40]


if prompt := streamlit.chat_input("Say something"):
    Path("prompt.txt").write_bytes(prompt.encode())
    streamlit.chat_message("user").code(prompt)
    with streamlit.chat_message("assistant"):
        streamlit.write_stream(words)
