"""A Gradio page that answers with a file of the present folder, streaming, and keeps the prompt in another."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gradio


def reply(prompt: str, history: list[object]) -> Iterator[str]:
    Path("prompt.txt").write_bytes(prompt.encode())
    text = Path("answer.md").read_bytes().decode()
    for end in range(0, len(text), 40):
        time.sleep(0.02)
        yield text[:end]
    yield text


chatbot = gradio.Chatbot(buttons=["copy"])
gradio.ChatInterface(reply, chatbot=chatbot).launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
