"""``dreamscape ask``: one prompt to a model, its exact answer to stdout."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dreamscape.cli.context import Options, command, new_app
from dreamscape.domain.errors import UsageError

app = new_app()
logger = logging.getLogger(__name__)


@command(app)
def ask(
    options: Options,
    prompt: Annotated[str | None, typer.Argument(metavar="[PROMPT|-]", help="The prompt; - reads stdin.")] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="The model's card.")] = None,
    site: Annotated[str | None, typer.Option(metavar="NAME", help="Instead of a card: a chat site's profile.")] = None,
    account: Annotated[str, typer.Option(metavar="NAME", help="One of several logins you have at the site.")] = "",
    url: Annotated[
        str | None, typer.Option(help="The site's page that picks the model, of the host of its profile's url.")
    ] = None,
    prompt_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Read the prompt from FILE.")] = None,
) -> int:
    """Send one prompt to a model and write its exact answer.

    The answer goes to stdout or --output byte for byte, nothing added; --json adds tokens, cost and seconds. It ends
    with 1 where the model was cut off or refused. Secrets in the prompt are replaced before it leaves and put back
    into the answer. Without a budget (budget.calls_per_day in your configuration) nothing outside is asked.

    Example: dreamscape ask --model ollama --prompt-file question.md
    """
    if model is not None and site is not None:
        raise UsageError("--model and --site contradict each other", "give one of them")
    if model is None and site is None:
        raise UsageError(
            "one model is needed", "give --model NAME ('dreamscape models list' shows them), or --site NAME"
        )
    if (url is not None or account) and site is None:
        raise UsageError("--url and --account belong to a site", "give --site as well; a model's stand in its card")
    text = _prompt(prompt, prompt_file)

    from dreamscape import bootstrap
    from dreamscape.bootstrap import asking
    from dreamscape.cli import render

    project = bootstrap.open_project(options.project, options.config)
    card = asking.card_called(project, model) if model is not None else asking.card_of_site(str(site), account, url)
    answer = asking.ask(project, card, text)
    if options.format == "json":
        render.show(options, "ask", answer, lambda: "")
    elif options.output is None and sys.stdout.isatty():
        render.write(options, answer.text)  # a terminal would obey what an answer holds
    else:
        render.write_exactly(options, answer.text)
    if answer.declined:
        logger.warning("%s refused to answer, or a filter did in its place", answer.model)
    elif not answer.finished:
        logger.warning("the answer was cut off: %s has said as much as it may", answer.model)
    return 0 if answer.finished and not answer.declined else 1


def _prompt(argument: str | None, file: Path | None) -> str:
    if (argument is None) == (file is None):
        raise UsageError("one prompt is needed", "give PROMPT, - for stdin, or --prompt-file FILE")
    is_stdin = argument == "-" or file == Path("-")
    if is_stdin and sys.stdin is None:
        raise UsageError("there is no standard input to read the prompt from", "give PROMPT or --prompt-file FILE")
    try:
        if file is not None and not is_stdin:
            return file.read_bytes().decode()
        return sys.stdin.buffer.read().decode() if is_stdin else os.fsencode(str(argument)).decode()
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise UsageError(f"the prompt is not UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
