"""Validates an OpenAPI document and generates a client from it: generate.py URL PACKAGE."""

import os
import subprocess
import sys
from pathlib import Path

import requests
from openapi_spec_validator import validate

url, package = sys.argv[1:]
document = requests.get(url, timeout=30).json()
validate(document)

# The generator formats what it generated with `ruff`, which it looks for in PATH.
programs = Path(sys.executable).parent
path = os.pathsep.join([str(programs), os.environ["PATH"]])
subprocess.run(
    [programs / "openapi-python-client", "generate", "--url", url, "--output-path", package]
    + ["--config", Path(__file__).with_name("generator.yaml")]
    + ["--overwrite", "--meta", "none", "--fail-on-warning"],
    env={**os.environ, "PATH": path},
    check=True,
)
package = Path(package)
modules = list(package.glob("api/*/*.py"))
operations = sum(module.name != "__init__.py" for module in modules)
print(f"valid; a client of {operations} operations")
