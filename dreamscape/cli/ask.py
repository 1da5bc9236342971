"""``dreamscape ask``: one prompt to a chat site, its exact answer to stdout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dreamscape.cli.context import Options, command, new_app
from dreamscape.domain.errors import UsageError

app = new_app()


@command(app)
def ask(
    options: Options,
    site: Annotated[str, typer.Option(metavar="NAME", help="The chat site's profile.")],
    prompt: Annotated[str | None, typer.Argument(metavar="[PROMPT|-]", help="The prompt; - reads stdin.")] = None,
    url: Annotated[str | None, typer.Option(help="The page that picks the model (default: the site's).")] = None,
    prompt_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Read the prompt from FILE.")] = None,
) -> int:
    """Send one prompt to a chat site and write its exact answer.

    The answer goes to stdout or --output byte for byte, nothing added. Secrets in the prompt are replaced before it
    leaves and put back into the answer. Without a budget (budget.calls_per_day in your configuration) nothing is asked.

    Example: dreamscape ask --site chatgpt --prompt-file question.md
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap.asking import ask_site
    from dreamscape.cli import render

    text = _prompt(prompt, prompt_file)
    project = bootstrap.open_project(options.project, options.config)
    answer = ask_site(project, site, url, text)
    if options.format == "json":
        render.show(options, "ask", answer, lambda: "")
    elif options.output is None and sys.stdout.isatty():
        render.write(options, answer.text)  # a terminal would obey what an answer holds
    else:
        render.write_exactly(options, answer.text)
    return 0


def _prompt(argument: str | None, file: Path | None) -> str:
    if (argument is None) == (file is None):
        raise UsageError("one prompt is needed", "give PROMPT, - for stdin, or --prompt-file FILE")
    try:
        if file is not None:
            return file.read_bytes().decode()
        return sys.stdin.buffer.read().decode() if argument == "-" else str(argument)
    except UnicodeDecodeError as error:
        raise UsageError(f"the prompt is not UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
