"""Points python-tuf at a folder `trust/INSTANCE` of an unzipped archive, or of a trust store.

    python3 tests/crosscheck/python_tuf.py FOLDER ROOT.json AT [TARGET…]

FOLDER is the repository, ROOT.json the root to start from, AT the time to judge by (RFC 3339),
the TARGETs default to `trusted_root.json`. Exits 0 if python-tuf accepts all of it. Needs the
package `tuf`.
"""

import datetime
import pathlib
import sys
import tempfile
import urllib.parse
import urllib.request

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater


class FolderFetcher(FetcherInterface):
    """Reads files, and says 404 where there are none."""

    def _fetch(self, url):
        path = pathlib.Path(urllib.request.url2pathname(urllib.parse.urlparse(url).path))
        if not path.is_file():
            raise DownloadHTTPError(f"no {path.name}", 404)
        yield path.read_bytes()


def main(folder, root, at, *targets):
    base = pathlib.Path(folder).resolve().as_uri()
    with tempfile.TemporaryDirectory() as local:
        updater = Updater(
            metadata_dir=local,
            metadata_base_url=f"{base}/",
            target_base_url=f"{base}/targets/",
            target_dir=local,
            fetcher=FolderFetcher(),
            bootstrap=pathlib.Path(root).read_bytes(),
        )
        updater._trusted_set.reference_time = datetime.datetime.fromisoformat(at)
        updater.refresh()
        for target in targets or ["trusted_root.json"]:
            info = updater.get_targetinfo(target)
            if info is None:
                sys.exit(f"no target {target}")
            path = updater.download_target(info)
            print(target, pathlib.Path(path).stat().st_size, "bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
