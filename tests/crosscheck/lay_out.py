"""Lays a checkout of sigstore/root-signing out as its repository is published.

    python3 tests/crosscheck/lay_out.py CHECKOUT FOLDER
    SEALIFT_ROOT_SIGNING=FOLDER cargo test --test tuf_real

With checkouts of January 2025, May 2025 and August 2026, laid out in FOLDER/10, FOLDER/12 and FOLDER/15
(the folder is named by the root that the repository was at):

    SEALIFT_ROOT_SIGNING_HISTORY=FOLDER cargo test --test tuf_releases

Nothing of the checkout is part of this repository.
"""

import hashlib
import json
import pathlib
import shutil
import sys


def main(checkout: pathlib.Path, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True)
    metadata = checkout / "metadata"
    for root in (metadata / "root_history").iterdir():
        shutil.copy(root, folder / root.name)
    for path in metadata.glob("*.json"):
        signed = json.loads(path.read_bytes())["signed"]
        name = path.name if path.stem == "timestamp" else f"{signed['version']}.{path.name}"
        shutil.copy(path, folder / name)
        for target in signed.get("targets", {}):
            source = checkout / "targets" / target
            digest = hashlib.sha256(source.read_bytes()).hexdigest()
            place = folder / "targets" / target
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, place.with_name(f"{digest}.{place.name}"))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
