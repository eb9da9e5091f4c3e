"""Writes 1,000 packages for nginx, a lockfile of them, and the paths of their tarballs."""

import base64, gzip, hashlib, io, json, os, random, statistics, sys, tarfile

registry = sys.argv[1]
random.seed(1)
packages, paths, sizes = {"": {"name": "app", "version": "1.0.0"}}, [], []
for number in range(1000):
    name = f"package-{number:04}"
    # As in the public registry: most are small, and a few are large.
    size = int(5_000 * 100 ** (random.random() ** 2))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        manifest = json.dumps({"name": name, "version": "1.0.0"}).encode()
        for file, content in (("package.json", manifest), ("index.js", random.randbytes(size))):
            member = tarfile.TarInfo("package/" + file)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    tarball = gzip.compress(buffer.getvalue(), compresslevel=1, mtime=0)
    path = f"/{name}/-/{name}-1.0.0.tgz"
    os.makedirs(f"served/{name}/-")
    with open("served" + path, "wb") as file:
        file.write(tarball)
    dist = {
        "tarball": registry + path,
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode(),
        "shasum": hashlib.sha1(tarball).hexdigest(),
    }
    version = {"name": name, "version": "1.0.0", "dist": dist}
    packument = {"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    with open(f"served/{name}/packument.json", "w") as file:
        json.dump(packument, file)
    packages[f"node_modules/{name}"] = {
        "version": "1.0.0", "resolved": registry + path, "integrity": dist["integrity"],
    }
    paths.append(path)
    sizes.append(len(tarball))
with open("package-lock.json", "w") as file:
    json.dump({"name": "app", "lockfileVersion": 3, "packages": packages}, file)
with open("paths.txt", "w") as file:
    file.write("\n".join(paths) + "\n")
kb = lambda size: f"{size / 1000:.0f} KB"
print(f"1,000 tarballs: {kb(min(sizes))} to {kb(max(sizes))}, median {kb(statistics.median(sizes))},"
      f" mean {kb(statistics.mean(sizes))}")
