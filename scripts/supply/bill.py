"""The bill of materials: CycloneDX, made by its own tool of an environment, held to what is pinned."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name
from packaging.version import Version

from smartgen.core.errors import SmartgenError
from supply.pins import ROOT, Declared, needed

SPECIFICATION = "1.6"
# Words for licences in metadata that are no SPDX, but leave no doubt.
SAID = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
fault = JsonStrictValidator(SchemaVersion.from_version(sys.argv[1])).validate_str(sys.stdin.read())
sys.exit(str(fault)[:300] if fault else 0)
"""


def make_bill(
    tools: Path, own: Declared, pins: Mapping[str, str], read: Mapping[str, Mapping[str, str]]
) -> str:
    """The bill as JSON: nothing in it tells of the machine or of the moment.

    Args:
        tools: an environment with cyclonedx-bom.
        pins: which distributions are named, and no others.
        read: licences that were read by hand, by name.

    Raises:
        SmartgenError: a pinned distribution is not installed in that version, the tool fails, or what came
            out is not valid.
    """
    python = tools / "bin/python"
    if not python.is_file():
        raise SmartgenError(f"{python}: no such file, expected one with cyclonedx-bom; `make sbom` makes it")
    words = ["environment", sys.executable, "--pyproject", str(ROOT / "pyproject.toml")]
    words += ["--output-reproducible", "--spec-version", SPECIFICATION, "--output-format", "JSON"]
    made = json.loads(_ran([str(python), "-m", "cyclonedx_py", *words]))
    found = {name_of(part): part for part in made["components"]}
    components = [_held(name, version, found, read) for name, version in pins.items()]
    for tool in made["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    made["components"] = sorted(components, key=lambda part: str(part["name"]).lower())
    made["dependencies"] = _graph(own, pins, made["metadata"]["component"]["bom-ref"])
    text = json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    _ran([str(python), "-c", VALIDATE, SPECIFICATION], text)
    return text


def name_of(part: Mapping[str, Any]) -> str:
    """A component's name, as metadata compares names."""
    return canonicalize_name(part["name"])


def licence_of(name: str, read: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    """A distribution's licence in SPDX, and whether that is ``declared`` by it or ``concluded`` by us.

    Args:
        read: licences that were read by hand.

    Raises:
        SmartgenError: its metadata names none without doubt, and nobody has read its files.
    """
    if name in read:
        return canonicalize_license_expression(read[name]["spdx"]), "concluded"
    told = importlib.metadata.metadata(name)
    classified = [one for one in told.get_all("Classifier") or () if one.startswith("License :: ")]
    for text in (told["License-Expression"], told["License"], *classified):
        word = (
            str(text or "").partition("\n")[0].rpartition(" :: ")[2].strip()
        )  # some have the whole text there
        try:
            return canonicalize_license_expression(SAID.get(word, word)), "declared"
        except InvalidLicenseExpression:  # prose: the next one may say it
            continue
    raise SmartgenError(
        f"{name}: its metadata names no licence as SPDX does; read its files, and name it in "
        "scripts/supply/about.yaml"
    )


def _held(
    name: str, version: str, found: Mapping[str, dict[str, Any]], read: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """A component as it is pinned: without the mark of a build, as +cpu, and without words and addresses."""
    plain = canonicalize_name(name)
    there = found.get(plain)
    if there is None or Version(there["version"]).public != str(Version(version)):
        had = "is not installed" if there is None else f"is installed as {there['version']}"
        raise SmartgenError(f"{name}=={version} {had}; `make sbom` installs what is pinned")
    licence, how = licence_of(plain, read)
    return {
        "type": there["type"],
        "bom-ref": f"{name}=={version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{plain}@{version}",
        "licenses": [{"expression": licence, "acknowledgement": how}],
    }


def _graph(own: Declared, pins: Mapping[str, str], root: str) -> list[dict[str, Any]]:
    """What needs what, this package included; the tool's own takes optional needs for needs."""
    refs: dict[str, str] = {canonicalize_name(name): f"{name}=={version}" for name, version in pins.items()}
    needs = needed((*own.all(), *own.build, *refs)) | {root: set(own.groups())}
    rows = {refs.get(name, name): sorted(refs[one] for one in some) for name, some in needs.items()}
    return [{"ref": ref, **({"dependsOn": some} if some else {})} for ref, some in sorted(rows.items())]


def _ran(command: list[str], given: str | None = None) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise SmartgenError(f"{' '.join(command[:4])} ...: {last}")
    return done.stdout
