"""Runs the attacks in a sandbox as whoever calls it, and prints what they came to.

``driver.py PROJECT LEVEL OWN_USER_NAMESPACE PREPARED``
"""

import json
import sys
from pathlib import Path

from dreamscape.agent.sandbox import Command, Sandbox, SandboxLevel
from dreamscape.domain.settings import SandboxSettings


def main(project: str, level: str, own_user_namespace: str, prepared: str) -> None:
    attacks = Path(__file__).with_name("sandbox_attacks.py").read_text()
    readable = (Path(sys.prefix), Path(sys.base_prefix))
    own = own_user_namespace == "True"
    sandbox = Sandbox(Path(project), SandboxLevel(level), SandboxSettings(), own, readable=readable)
    ended, _ = sandbox.run(Command((sys.executable, "-c", attacks, prepared), 120.0))
    try:
        sys.stdout.write(json.dumps(json.loads(ended.output_tail)))
    except ValueError:
        sys.exit(f"{ended}")


if __name__ == "__main__":
    main(*sys.argv[1:])
