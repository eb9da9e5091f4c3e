set -e
jq -r .payload app.report | base64 -d > report.json
keyid=SHA256:$(openssl pkey -pubin -in report.pub -outform der |
  openssl dgst -sha256 -binary | base64 | tr -d =)
jq -r --arg k "$keyid" \
  '.signatures[] | select(.keyid == $k).sig' app.report |
  base64 -d > sig
(printf 'DSSEv1 35 application/vnd.sealift.report+json %d ' \
  $(wc -c < report.json); cat report.json) > pae
openssl pkeyutl -verify -pubin -inkey report.pub \
  -rawin -in pae -sigfile sig
