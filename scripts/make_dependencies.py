"""Write docs/dependencies.md: what this package rests on, with versions, licences and what each is for.

    python scripts/make_dependencies.py [--tools .venv/tools]

The page is made of pyproject.toml, constraints.txt, scripts/supply/about.yaml and the bill of materials,
docs/sbom.cdx.json, so that it is the same on every machine. With --tools, the folder of an environment with
cyclonedx-bom, the bill is made anew first, of what is installed beside this Python: `make sbom` does both.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))  # also where it is loaded by its path

from supply.bill import make_bill, name_of
from supply.pins import ROOT, Declared, declared, read_pins

from smartgen.core.atomic import write_text_atomic
from smartgen.core.errors import SmartgenError

BILL, PAGE = ROOT / "docs/sbom.cdx.json", ROOT / "docs/dependencies.md"
SUPPLY = ROOT / "scripts/supply"
COPYLEFT = ("GPL", "MPL", "EPL", "EUPL", "CDDL")
MOST = 3  # direct dependencies that are told of an indirect one


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tools", type=Path, help="an environment with cyclonedx-bom; makes the bill anew")
    options = parser.parse_args(argv)
    about = yaml.safe_load((SUPPLY / "about.yaml").read_text(encoding="utf-8"))
    try:
        if options.tools is not None:
            write_text_atomic(BILL, make_bill(options.tools, declared(), read_pins(), about["licences"]))
        write_text_atomic(PAGE, page(json.loads(BILL.read_text(encoding="utf-8")), declared(), about))
    except SmartgenError as error:
        print(f"make_dependencies: {error}", file=sys.stderr)
        return 2
    return 0


def page(bill: Mapping[str, Any], own: Declared, about: Mapping[str, Any]) -> str:
    """The page as Markdown.

    Args:
        bill: CycloneDX, as docs/sbom.cdx.json has it.
        own: what pyproject.toml declares.
        about: scripts/supply/about.yaml.
    """
    parts = {name_of(part): part for part in bill["components"]}
    groups = own.groups()
    known = {
        name: {
            "name": part["name"],
            "version": part["version"],
            "licence": part["licenses"][0]["expression"],
            "group": ", ".join(groups.get(name, ())),
            "for": (about["direct"] | about["tools"]).get(name, {}).get("for", ""),
            "read": about["licences"].get(name, {}).get("read", ""),
        }
        for name, part in parts.items()
    }
    brought = brought_by(bill, list(groups))
    direct = [known[name] for name in groups]
    rest = [name for name in known if name not in groups and name not in about["tools"]]
    text = (SUPPLY / "page.md.j2").read_text(encoding="utf-8")
    kinds = Counter(row["licence"] for row in known.values())
    return jinja2.Template(text, keep_trailing_newline=True).render(
        direct=direct,
        indirect=[known[name] | {"by": _told(brought[name], parts)} for name in rest],
        tools=[known[name] for name in about["tools"]],
        kinds=sorted(kinds.items(), key=lambda one: (-one[1], one[0])),
        copyleft=[row for row in known.values() if any(word in row["licence"] for word in COPYLEFT)],
        carried={parts[name]["name"]: what for name, what in about["carried"].items()},
        read=[row for row in known.values() if row["read"]],
        total=len(known),
        beside=len(read_pins(SUPPLY / "tools.txt").items() - read_pins().items()),
    )


def brought_by(bill: Mapping[str, Any], direct: list[str]) -> dict[str, list[str]]:
    """Of every distribution the direct ones that need it, be it through others; the nearest first."""
    needs = {
        _plain(row["ref"]): [_plain(one) for one in row.get("dependsOn", ())] for row in bill["dependencies"]
    }
    found: dict[str, dict[str, int]] = {name: {} for name in needs}
    for start in direct:
        steps, at = 0, [start]
        seen = {start}
        while at:
            steps += 1
            at = sorted({one for name in at for one in needs[name]} - seen)
            seen |= set(at)
            for name in at:
                found[name][start] = steps
    return {name: sorted(by, key=lambda one: (by[one], one)) for name, by in found.items()}


def _plain(ref: str) -> str:
    """A distribution's name, as metadata compares names, of its place in the bill."""
    return name_of({"name": ref.partition("==")[0]})


def _told(names: list[str], parts: Mapping[str, Any]) -> str:
    first = ", ".join(parts[name]["name"] for name in names[:MOST])
    return f"{first} and {len(names) - MOST} more" if len(names) > MOST else first


if __name__ == "__main__":
    sys.exit(main())
