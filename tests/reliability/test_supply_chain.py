"""What this package rests on: pinned whole, told on a page, declared where it is imported, and no more."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from smartgen.core.errors import SmartgenError
from tests.scripts import FOLDER, load

ROOT = FOLDER.parent
SCRIPT = load(FOLDER / "make_dependencies.py")
PINS, BILL = sys.modules["supply.pins"], sys.modules["supply.bill"]
ABOUT = yaml.safe_load((FOLDER / "supply/about.yaml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
WITHOUT = ("fuzz",)  # extras that `make setup` does not install
FOUND = json.loads((ROOT / "docs/sbom.cdx.json").read_text())


def pins() -> dict[str, str]:
    """Versions by name, as metadata compares names."""
    return {canonicalize_name(name): version for name, version in PINS.read_pins().items()}


@cache
def reached() -> frozenset[str]:
    own = PINS.declared()
    installed = [one for extra, some in own.extras.items() if extra not in WITHOUT for one in some]
    return frozenset(PINS.needed((*own.core, *installed, *own.build)))


def apart() -> set[str]:
    """What an extra brings that may be left out: its own names, and what these need where they are there."""
    wanted = [one for extra in WITHOUT for one in PINS.declared().extras[extra]]
    names = {canonicalize_name(Requirement(one).name) for one in wanted}
    there = {one.name for one in importlib.metadata.distributions()}
    return names | set(PINS.needed(sorted(names & set(map(canonicalize_name, there)))))


def test_everything_is_pinned_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    from hatchling.build import get_requires_for_build_editable, get_requires_for_build_wheel

    monkeypatch.chdir(ROOT)
    wanted = [*get_requires_for_build_editable(), *get_requires_for_build_wheel()]
    building = {canonicalize_name(Requirement(one).name) for one in wanted}
    assert {*reached(), *apart(), *building, "pip"} == set(pins())
    assert set(ABOUT["tools"]) == {*building, "pip"} - reached()


def test_what_is_pinned_is_installed() -> None:
    """Otherwise: pip install -c constraints.txt -e '.[dev,docs,embedded,submitit,ray]'."""
    held, other = pins(), {}
    for name in reached():
        if (found := Version(importlib.metadata.version(name)).public) != str(Version(held[name])):
            other[name] = f"{found}, pinned {held[name]}"
    assert not other


def test_every_range_has_the_pin_in_it() -> None:
    own = PINS.declared()
    for one in map(Requirement, (*own.all(), *own.build)):
        assert one.specifier.contains(pins()[canonicalize_name(one.name)]), str(one)
        assert one.specifier, f"{one} has no range"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# top\npyee==\n", r"line 2: expected NAME==VERSION, found 'pyee=='"),
        ("numpy>=2\n", "line 1: expected NAME==VERSION"),
        ("numpy\n", "line 1: expected NAME==VERSION"),
        ("\n", "line 1: expected NAME==VERSION"),
        ("numpy==2.*\n", "line 1: expected NAME==VERSION"),
        ("PyYAML==6.0.3\npyyaml==6.0.2\n", "line 2: pyyaml is there twice"),
    ],
)
def test_a_broken_line_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "constraints.txt").write_text(text)
    with pytest.raises(SmartgenError, match=told):
        PINS.read_pins(tmp_path / "constraints.txt")


def test_what_a_distribution_needs_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = {
        "a": ["b[fast]>=1", "Never; python_version < '3'", "of-an-extra; extra == 'more'"],
        "b": [
            *("a", "quick; extra == 'fast'", "slow; extra == 'slow'", "b[also]; extra == 'fast'"),
            "too; extra == 'also'",
        ],
        "quick": None,
        "too": None,
    }
    monkeypatch.setattr(importlib.metadata, "requires", metadata.__getitem__)
    assert PINS.needed(["A>=3"]) == {
        "a": {"b"},
        "b": {"a", "quick", "too"},
        "quick": set(),
        "too": set(),
    }


def test_what_is_not_installed_is_told() -> None:
    with pytest.raises(SmartgenError, match=r"^no-such-thing is not installed; `make sbom` installs all"):
        PINS.needed(["no.such_thing"])


def test_make_holds_what_it_installs() -> None:
    (chosen,) = re.findall(r"-e '\.\[([\w,]+)\]'$", MAKEFILE, re.M)
    (whole,) = re.findall(r"-e '\.\[([\w,]+)\]' editables$", MAKEFILE, re.M)
    extras = set(PINS.declared().extras)
    assert set(chosen.split(",")) == extras - set(WITHOUT)
    assert set(whole.split(",")) == extras
    installs = [line for line in MAKEFILE.splitlines() if line.startswith("\t$(PIP)")]
    assert len(installs) == 4
    assert all(line.startswith("\t$(PIP) -c constraints.txt ") for line in installs)
    assert "export PIP_BUILD_CONSTRAINT := constraints.txt" in MAKEFILE
    assert "pip-audit --strict --no-deps" in MAKEFILE, "otherwise what was not looked up passes"


def test_the_tools_are_pinned_whole() -> None:
    assert {"cyclonedx-bom", "pip_audit"} <= set(PINS.read_pins(FOLDER / "supply/tools.txt"))


PAGES = {
    "bad": {"info": {"version": "1.0"}, "vulnerabilities": [{"id": "CVE-1", "fixed_in": ["1.1", "2"]}]},
    "mended": {"info": {"version": "1.0.0"}, "vulnerabilities": [{"id": "X", "withdrawn": "2026-01-01"}]},
    "older": {"info": {"version": "1.1"}, "vulnerabilities": [{"id": "of the newest", "fixed_in": []}]},
    "none": {"info": {"version": "1.0"}},
}


def told_of(folder: Path, *names: str) -> int:
    for name, page in PAGES.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "json").write_text(json.dumps(page))
    pins = folder / "pins.txt"
    pins.write_text("# ours\n" + "".join(f"{name}==1.0\n" for name in names))
    return load(FOLDER / "check_advisories.py").main([str(pins), "--index", folder.as_uri()])


def test_advisories_are_those_of_the_pinned_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told_of(tmp_path, "mended", "older") == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 pins: 1 are the newest version, without a known vulnerability",
        "0 have one",
        "1 are older, of which this is not told:",
        "  older 1.0, newest 1.1",
    ]
    assert told_of(tmp_path, "bad", "mended") == 1
    assert "1 have one:\n  bad 1.0: CVE-1, mended in 1.1, 2\n0 are older" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "told"), [("none", "expected PyPI's JSON"), ("absent", "did not answer")])
def test_a_page_that_tells_nothing_is_no_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, told: str
) -> None:
    assert told_of(tmp_path, "mended", name) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"check_advisories: {tmp_path.as_uri()}/{name}/json")
    assert told in line


def test_the_page_is_as_its_sources_are() -> None:
    made = SCRIPT.page(FOUND, PINS.declared(), ABOUT)
    assert (ROOT / "docs/dependencies.md").read_text() == made, "run scripts/make_dependencies.py"
    names = {name for name in pins() if name not in ABOUT["tools"]}
    rows = re.findall(r"^\| ([\w.-]+) \| [\w.]+ \| .* \| .+ \|$", made, re.M)
    assert names <= set(map(canonicalize_name, rows))


def test_what_is_told_by_hand_is_about_what_is_there() -> None:
    assert set(ABOUT["direct"]) == set(PINS.declared().groups())
    assert {*ABOUT["licences"], *ABOUT["carried"]} <= set(pins())


def test_the_bill_names_exactly_what_is_pinned() -> None:
    told = {part["name"]: part["version"] for part in FOUND["components"]}
    assert told == PINS.read_pins()
    assert list(told) == sorted(told, key=str.lower)
    for part in FOUND["components"]:
        assert part["purl"] == f"pkg:pypi/{canonicalize_name(part['name'])}@{part['version']}"
        assert part["bom-ref"] == f"{part['name']}=={part['version']}"
    root = FOUND["metadata"]["component"]
    assert (root["name"], root["version"]) == (PINS.declared().name, PINS.declared().version)
    assert (FOUND["bomFormat"], FOUND["specVersion"]) == ("CycloneDX", BILL.SPECIFICATION)


def test_the_bill_tells_of_no_machine_and_no_moment() -> None:
    text = (ROOT / "docs/sbom.cdx.json").read_text()
    assert not re.search(r"timestamp|serialNumber|file:|/root|/home|\+cpu|pypi\.org|simple/", text)
    assert set(re.findall(r"https?://([^/\"]+)", text)) == {"cyclonedx.org"}
    assert text == json.dumps(FOUND, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test_the_bill_has_the_graph_and_the_licences_of_what_is_installed() -> None:
    rows = {row["ref"].partition("==")[0]: row.get("dependsOn", []) for row in FOUND["dependencies"]}
    graph = {canonicalize_name(name): {_name(one) for one in some} for name, some in rows.items()}
    own = PINS.declared()
    assert graph.pop("root-component") == set(own.groups())
    assert set(graph) == set(pins())
    installed = [one for extra, some in own.extras.items() if extra not in WITHOUT for one in some]
    assert {name: graph[name] for name in reached()} == PINS.needed((*own.core, *installed, *own.build))
    for part in FOUND["components"]:
        if (name := canonicalize_name(part["name"])) in reached() or name in ABOUT["licences"]:
            told = part["licenses"][0]
            assert (told["expression"], told["acknowledgement"]) == BILL.licence_of(name, ABOUT["licences"])


def _name(ref: str) -> str:
    return canonicalize_name(ref.partition("==")[0])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"License-Expression": "mit"}, "MIT"),
        ({"License": "Apache 2.0"}, "Apache-2.0"),
        ({"License": "BSD 3-Clause License\n\nCopyright"}, "BSD-3-Clause"),
        ({"License": "UNKNOWN", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"License": "BSD", "Classifier": "License :: OSI Approved :: BSD License"}, None),
        ({}, None),
    ],
)
def test_a_licence_is_read_or_asked_for(
    told: Mapping[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from email.message import Message

    message = Message()
    for key, value in told.items():
        message[key] = value
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: message)
    if expected is None:
        with pytest.raises(SmartgenError, match=r"^thing: its metadata names no licence"):
            BILL.licence_of("thing", {})
        assert BILL.licence_of("thing", {"thing": {"spdx": "bsd-2-clause"}}) == ("BSD-2-Clause", "concluded")
    else:
        assert BILL.licence_of("thing", {}) == (expected, "declared")


def test_a_bill_is_made_by_the_tool_and_held_to_the_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool itself is not installed here: its answer is, with what is to be left out of it."""
    there = [
        {"name": "Jinja2", "version": "3.1.6", "type": "library", "externalReferences": [{"url": "x"}]},
        {"name": "torch", "version": "2.13.0+cpu", "type": "library", "description": "Tensors"},
        {"name": "own", "version": "1", "type": "library"},
    ]
    made = {
        "components": there,
        "metadata": {"component": {"bom-ref": "root"}, "tools": {"components": [{"externalReferences": []}]}},
    }
    own = PINS.Declared("x", "1", ("jinja2", "torch"), {}, ())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    monkeypatch.setattr(BILL, "_ran", lambda command, given=None: given or json.dumps(made))
    held = {"torch": "2.13.0", "Jinja2": "3.1.6"}
    monkeypatch.setattr(BILL, "needed", lambda wanted: {"torch": {"jinja2"}, "jinja2": set()})
    read = {"torch": {"spdx": "MIT"}, "jinja2": {"spdx": "MIT"}}
    bill = json.loads(BILL.make_bill(tmp_path, own, held, read))
    assert [(part["name"], part["version"]) for part in bill["components"]] == [
        ("Jinja2", "3.1.6"),
        ("torch", "2.13.0"),
    ]
    assert bill["dependencies"] == [
        {"ref": "Jinja2==3.1.6"},
        {"dependsOn": ["Jinja2==3.1.6", "torch==2.13.0"], "ref": "root"},
        {"dependsOn": ["Jinja2==3.1.6"], "ref": "torch==2.13.0"},
    ]
    assert "externalReferences" not in json.dumps(bill)
    for name, version, told in (("rich", "15.0.0", "is not installed"), ("torch", "2.12.0", "as 2.13.0")):
        with pytest.raises(SmartgenError, match=rf"^{name}=={version} .*{re.escape(told)}"):
            BILL.make_bill(tmp_path, own, {name: version}, {})


def test_a_tool_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, FOLDER / "make_dependencies.py", "--tools", tmp_path / "none"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "make_dependencies: " in done.stderr
    assert "`make sbom`" in done.stderr


# What is imported is declared, and what is declared is imported.

HERE = {path.stem for path in FOLDER.iterdir()} | {"smartgen", "hydra_plugins", "tests"}
STUBS = {"_typeshed"}  # for type checkers alone
GUESTS = {"homeassistant"}  # which a script runs within, in an environment that it says how to make


def imported(folder: str) -> Iterator[tuple[str, bool, Path]]:
    """Modules on top of what files import from others, and whether that is where the file is loaded."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in {one.partition(".")[0] for one in names}:
                if name not in sys.stdlib_module_names | HERE | STUBS:
                    yield name, not node.col_offset, path


@cache
def distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def distribution(module: str) -> str:
    """Who brings a module; the module itself where it is not installed."""
    return canonicalize_name(distributions().get(module, [module])[0])


@cache
def users() -> Mapping[str, frozenset[str]]:
    """Folders by the distribution that they import."""
    found: dict[str, set[str]] = {}
    for folder in ("smartgen", "hydra_plugins", "scripts", "tests", "docs"):
        for module, _, path in imported(folder):
            if module in GUESTS:
                assert f"pip install {module}" in path.read_text(), path
            else:
                found.setdefault(distribution(module), set()).add(folder)
    return {name: frozenset(folders) for name, folders in found.items()}


def test_what_is_imported_is_declared() -> None:
    groups = PINS.declared().groups()
    for folder in ("smartgen", "hydra_plugins"):
        for module, on_top, path in imported(folder):
            where = groups.get(distribution(module), ())
            assert where, f"{path} imports {module}, which pyproject.toml does not declare"
            assert "core" in where or (not on_top and not {"dev", "docs"} & set(where)), f"{path}: {module}"
    assert not set(users()) - set(groups)


def test_what_is_declared_is_imported_or_named() -> None:
    for name, where in PINS.declared().groups().items():
        named = ABOUT["direct"][name].get("named")
        using = users().get(name, frozenset())
        if "core" in where:
            using &= {"smartgen", "hydra_plugins"}
        assert bool(using) != bool(named), f"{name}: imported by {sorted(using)}, named {named}"
        if named:
            assert named["as"] in (ROOT / named["file"]).read_text(), name


def test_the_rules_see_what_they_are_about() -> None:
    assert users()["pillow"] >= {"smartgen"}
    assert users()["pyyaml"] >= {"smartgen", "tests"}
    assert users()["pandas"] >= {"smartgen"}
    assert "markupsafe" not in users()
    assert not [one for one, _, _ in imported("smartgen") if one in sys.stdlib_module_names]


def test_the_script_writes_the_page_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module: ModuleType | Any = SCRIPT
    monkeypatch.setattr(module, "PAGE", tmp_path / "page.md")
    assert module.main([]) == 0
    assert (tmp_path / "page.md").read_text() == (ROOT / "docs/dependencies.md").read_text()
