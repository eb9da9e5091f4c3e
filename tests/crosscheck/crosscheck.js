// Verifies each case in a folder with sigstore-js, and compares with what its name promises:
// `node crosscheck.js FOLDER`. A name that ends in `_fail` must be refused, for what its file `about`
// says.

'use strict'

const { bundleFromJSON } = require('@sigstore/bundle')
const { TrustedRoot, PublicKey } = require('@sigstore/protobuf-specs')
const { Verifier, toSignedEntity, toTrustMaterial } = require('@sigstore/verify')
const { createHash } = require('node:crypto')
const { existsSync, readFileSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

// The registry's keys for attestations, by the id that a bundle's hint names.
function attestationKeys(json) {
  const keys = json.keys.filter((key) => key.keyUsage === 'npm:attestations')
  return Object.fromEntries(keys.map((key) => [key.keyId, PublicKey.fromJSON(key.publicKey)]))
}

// sigstore-js compares the digest of a Rekor v2 `hashedrekord` with the payload. The client
// specification has it taken over the envelope's pre-authentication encoding, so for such an entry
// that one comparison is done here and all others stay with sigstore-js.
function byEncoding(entity, bundle) {
  if (bundle.verificationMaterial.tlogEntries[0].kindVersion.kind !== 'hashedrekord') return
  const digest = createHash('sha256').update(entity.signature.preAuthEncoding).digest()
  entity.signature.compareDigest = (logged) => digest.equals(logged)
}

function verify(folder) {
  const json = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const text = (name) => readFileSync(join(folder, name), 'utf8')
  const bundle = bundleFromJSON(json('bundle.sigstore.json'))
  const root = TrustedRoot.fromJSON(json('trusted_root.json'))
  const policy = existsSync(join(folder, 'identity'))
    ? { subjectAlternativeName: text('identity'), extensions: { issuer: text('issuer') } }
    : undefined
  const entity = toSignedEntity(bundle)
  byEncoding(entity, bundle)
  new Verifier(toTrustMaterial(root, attestationKeys(json('keys.json')))).verify(entity, policy)
}

// What each of sigstore-js's errors is about.
const ABOUT = {
  CERTIFICATE_ERROR: 'Certificate',
  UNTRUSTED_SIGNER_ERROR: 'Identity',
  PUBLIC_KEY_ERROR: 'Key',
  TLOG_INCLUSION_PROMISE_ERROR: 'Log',
  TLOG_INCLUSION_PROOF_ERROR: 'Log',
  TIMESTAMP_ERROR: 'Time',
  TLOG_BODY_ERROR: 'Binding',
  SIGNATURE_ERROR: 'Binding',
}

// The error that refuses a case, or nothing. What is not a verdict on the evidence goes through.
function refusal(folder) {
  try {
    verify(folder)
  } catch (error) {
    if (error.code in ABOUT) return error
    throw error
  }
}

function expected(folder) {
  const about = join(folder, 'about')
  return existsSync(about) ? readFileSync(about, 'utf8') : undefined
}

const [root] = process.argv.slice(2)
let failed = 0
const cases = readdirSync(root).sort()
for (const name of cases) {
  const folder = join(root, name)
  const error = refusal(folder)
  const right = ABOUT[error?.code] === expected(folder)
  if (!right) failed += 1
  const verdict = error === undefined ? 'accepted' : `refused: ${error.message}`
  console.log(`${right ? 'ok  ' : 'FAIL'} ${name}: ${verdict}`)
}
console.log(`${cases.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 && cases.length > 0 ? 0 : 1
