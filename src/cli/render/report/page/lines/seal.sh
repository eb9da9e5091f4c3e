set -e
unzip -q app.sealift -d x
jq -r .payload x/sealift.dsse.json | base64 -d > manifest
keyid=SHA256:$(openssl pkey -pubin -in key.pub -outform der |
  openssl dgst -sha256 -binary | base64 | tr -d =)
echo "$keyid"
jq -r --arg k "$keyid" \
  '.signatures[] | select(.keyid == $k).sig' x/sealift.dsse.json |
  base64 -d > sig
(printf 'DSSEv1 28 application/vnd.in-toto+json %d ' \
  $(wc -c < manifest); cat manifest) > pae
openssl pkeyutl -verify -pubin -inkey key.pub \
  -rawin -in pae -sigfile sig
for a in 256 512; do
  jq -r ".subject[] | select(.digest.sha$a) |
    \"\(.digest.sha$a)  \(.name)\"" manifest > sums
  (cd x; sha${a}sum -c --quiet --strict ../sums)
done
jq -r .subject[].name manifest | sort > listed
(cd x; find . -type f | sed s,^./,, | grep -vx sealift.dsse.json) |
  sort | diff listed -
