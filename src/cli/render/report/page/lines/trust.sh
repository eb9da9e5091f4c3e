cat > trust.py <<'END'
import datetime, pathlib, re, sys, tempfile, urllib.parse
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

class Folder(FetcherInterface):
    def _fetch(self, url):
        path = urllib.parse.unquote(urllib.parse.urlparse(url).path)
        if not pathlib.Path(path).is_file():
            raise DownloadHTTPError("not carried", 404)
        yield pathlib.Path(path).read_bytes()

folder, root, at = sys.argv[1:]
folder, kept = pathlib.Path(folder).resolve(), tempfile.mkdtemp()
updater = Updater(kept, folder.as_uri() + "/", kept, folder.as_uri() + "/targets/",
                  Folder(), bootstrap=pathlib.Path(root).read_bytes())
updater._trusted_set.reference_time = datetime.datetime.fromisoformat(at)
updater.refresh()
for file in (folder / "targets").rglob("*.json"):
    path = file.relative_to(folder / "targets")
    target = path.with_name(re.sub("^[0-9a-f]{64}[.]", "", path.name)).as_posix()
    updater.download_target(updater.get_targetinfo(target))
    print(folder.name, target, "verified")
END
jq -r '.predicate.trust[] | select(.source == "tuf") |
  "\(.instance) \(.refreshedAt)"' manifest |
while read -r instance at; do
  python3 trust.py "x/trust/$instance" "$instance.json" "$at" || exit 1
done
