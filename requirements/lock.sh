#!/bin/sh
# Compile the locks anew: names, versions and hashes, never the address of an index.
set -eu
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "$@" pyproject.toml; }
compile --extra desk --group dev --output-file requirements/dev.txt
compile --extra desk --group build --constraint requirements/dev.txt --output-file requirements/desk.txt
