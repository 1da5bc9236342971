"""Which interpreter runs the project's tests, and what of it must stay readable; in: a project; out: `Interpreter`."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreamscape.agent.sandbox import Command, Sandbox
from dreamscape.agent.sandbox_places import hidden_places, is_under
from dreamscape.agent.sandbox_prefixes import may_be_shown, prefixes_of, user_packages
from dreamscape.domain.errors import CannotGoOn, PytestMissing, UsageError
from dreamscape.domain.runs import RunEnd

logger = logging.getLogger(__name__)

OLDEST = (3, 8)
"""What `guest` is written for."""
_PROBE_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The project's Python as it was found inside the sandbox.

    ``executable`` is the path as the user knows it (a virtual environment's link stays a link); ``prefixes`` are
    the places its modules come from; ``pytest`` is pytest's version, None where it was not asked for.
    """

    executable: Path
    version: tuple[int, int, int]
    prefixes: tuple[Path, ...]
    pytest: str | None


def find_interpreter(project: Path, wanted: str) -> Path:
    """The one asked for, else the project's virtual environment, else the active one, else ours.

    ``wanted`` is a path (relative ones count from the project), a virtual environment's folder, or a name to be
    looked up in PATH. Raises UsageError where it names no program.
    """
    if wanted:
        return _named(project, wanted)
    environments = [project / ".venv", project / "venv"]
    if os.environ.get("VIRTUAL_ENV"):
        environments.append(Path(os.environ["VIRTUAL_ENV"]))
    for folder in environments:
        program = folder / "bin" / "python"
        if _is_program(program):
            return program.absolute()
        if folder.is_dir():
            logger.warning("%s is passed over: it has no interpreter that could run", folder)
    return Path(sys.executable)


def _named(project: Path, wanted: str) -> Path:
    looked_up = shutil.which(wanted) if "/" not in wanted else None
    path = Path(looked_up) if looked_up else project / Path(wanted).expanduser()
    if path.is_dir():
        path = path / "bin" / "python"
    if not _is_program(path):
        raise UsageError(f"there is no interpreter {wanted}", "give --python a Python program or a virtual environment")
    return Path(os.path.normpath(path.absolute()))


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def probe_interpreter(sandbox: Sandbox, executable: Path) -> tuple[Interpreter, Sandbox]:
    """Asks the interpreter inside the sandbox who it is; the sandbox that comes back can run it.

    Raises UsageError where it is no Python or too old a one, PytestMissing where it has no pytest.
    """
    known = tuple(dict.fromkeys([*prefixes_of(executable), *user_packages()]))
    sandbox = sandbox.reading(known)
    answer = _ask(sandbox, executable)
    further = tuple(dict.fromkeys(p for p in map(Path, answer["paths"]) if may_be_shown(p) and not is_under(p, known)))
    if any(is_under(path, hidden_places()) for path in further):
        sandbox = sandbox.reading(further)
        answer = _ask(sandbox, executable)
    major, minor, micro = answer["version"]
    if (major, minor) < OLDEST:
        raise UsageError(f"{executable} is Python {major}.{minor}, and tests are run from Python 3.8 on")
    if answer["pytest"] is None:
        raise PytestMissing(
            f"{executable} (Python {major}.{minor}) cannot import pytest: {answer['why']}",
            f"install it: {executable} -m pip install pytest",
        )
    itself = Path(answer["executable"] or executable)
    if itself.is_file() and not executable.samefile(itself):
        executable = itself  # it was a wrapper such as pyenv's, which costs a shell at every start
    return Interpreter(executable, (major, minor, micro), (*known, *further), answer["pytest"]), sandbox


def _ask(sandbox: Sandbox, executable: Path) -> dict[str, Any]:
    """What `_QUESTION` answers. Raises UsageError where there is no sensible answer."""
    command = Command((str(executable), "-c", _QUESTION), _PROBE_TIMEOUT_S)
    try:
        ended, reports = sandbox.run(command)
    except CannotGoOn as error:
        raise UsageError(f"{executable} cannot be started in the sandbox: {error}") from error
    try:
        answer = json.loads(reports)
    except ValueError:
        said = ended.output_tail.strip().rpartition("\n")[2][-200:]
        how = f"exit code {ended.exit_code}" if ended.end is RunEnd.EXITED else ended.end.value
        raise UsageError(f"{executable} does not work as a Python interpreter: {said or how}") from None
    if not isinstance(answer, dict):
        raise UsageError(f"{executable} does not work as a Python interpreter")
    return answer


# The project's folder comes first on the path, where a file of its own may bear the name of one of these modules.
_QUESTION = r"""
import os, sys
sys.path[:] = [path for path in sys.path[1:] if path != os.getcwd()]
import json, re
paths = [sys.prefix, getattr(sys, "base_prefix", sys.prefix), sys.exec_prefix] + [p for p in sys.path if p]
for folder in [p for p in sys.path if os.path.isdir(p) and p.endswith("-packages")]:
    for name in os.listdir(folder):
        finder = name.startswith("__editable__") and name.endswith(".py")
        if finder or name.endswith(".pth") or name.endswith(".egg-link"):
            with open(os.path.join(folder, name), "rb") as file:
                text = file.read(1000000).decode("utf-8", "replace")
            if finder:
                paths += re.findall(r"['\"](/[^'\"\n]*)['\"]", text)
            else:
                paths += [os.path.join(folder, line.strip()) for line in text.splitlines()
                          if line.strip() and not line.startswith(("#", "import ", "import\t"))]
try:
    import pytest
    version, why = pytest.__version__, ""
except BaseException as error:
    version, why = None, "%s: %s" % (type(error).__name__, error)
answer = {"executable": sys.executable, "version": list(sys.version_info[:3]), "paths": paths,
          "pytest": version, "why": why}
os.write(int(os.environ["DREAMSCAPE_REPORTS"]), json.dumps(answer).encode("utf-8"))
"""
