"""A Chainlit page that answers with a file of the present folder, streaming, and keeps the prompt in another."""

import asyncio
from pathlib import Path

import chainlit


@chainlit.on_message
async def reply(asked: chainlit.Message) -> None:
    Path("prompt.txt").write_bytes(asked.content.encode())
    text = Path("answer.md").read_bytes().decode()
    said = chainlit.Message("")
    for start in range(0, len(text), 40):
        await said.stream_token(text[start : start + 40])
        await asyncio.sleep(0.02)
    await said.update()
