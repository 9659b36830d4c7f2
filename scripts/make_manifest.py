"""Pack a release's MANIFEST.json into the checksum file that `smartgen-data fetch` and `verify` use.

The JSON holds ``source``, ``commit`` and ``files``: path to ``{"sha256": ..., "bytes": ...}``.

    python scripts/make_manifest.py MANIFEST.json smartgen/data/release_manifest.txt
"""

import argparse
import json
from pathlib import Path

from smartgen.data.manifest import Checksum, Manifest


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("json", type=Path, help="MANIFEST.json of the release")
    parser.add_argument("packed", type=Path, help="the text file to write")
    args = parser.parse_args()
    found = json.loads(args.json.read_text(encoding="utf-8"))
    files = {path: Checksum(entry["sha256"], entry["bytes"]) for path, entry in found["files"].items()}
    text = Manifest(found["source"], found["commit"], files).format()
    args.packed.write_text(text, encoding="utf-8")
    print(f"{args.packed}: {len(files)} files")


if __name__ == "__main__":
    main()
