set -e
verify() {
  while read -r bundle; do
    printf %s "$bundle" > bundle.json
    for root in x/trust/*/targets/*trusted_root.json; do
      cosign verify-blob-attestation --trusted-root "$root" \
        --bundle bundle.json "$@" < /dev/null >> said 2>&1 && return
    done
  done < bundles
  cat said
  return 1
}
while read -r purl type issuer signer; do
  set -- $(jq -r --arg purl "$purl" '.predicate.packages[] |
    select(.purl == $purl) | .artifact.entry, .attestations.entry' manifest)
  sha512=$(sha512sum < "x/$1" | cut -d ' ' -f 1)
  jq -c --arg type "$type" '.attestations[] |
    select(.predicateType == $type).bundle' "x/$2" > bundles
  : > said
  [ -s bundles ] || echo "no such attestation" > said
  if [ "$issuer" = key ]; then
    jq -r --arg key "$signer" '.keys[] | select(.keyId == $key and
      .keyUsage == "npm:attestations").publicKey.rawBytes' \
      x/trust/*/targets/*/*keys.json | head -n 1 | base64 -d |
      openssl pkey -pubin -inform der -out signer.pub
    set -- --key signer.pub
  else
    set -- --certificate-oidc-issuer "$issuer" --certificate-identity "$signer"
  fi
  verify "$@" --type "$type" --digest "$sha512" --digestAlg sha512
  echo "$purl $type verified"
done < signers
