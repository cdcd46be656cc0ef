// Has npm's client library (pacote) verify one release of a registry, as `npm audit signatures` has
// it: signatures and attestations. Only the download of the trust root is replaced, by a file's.
// stdin: {modules, registry, spec, root, keys, cache}; stdout: {accepted, error, code}.
'use strict'
const { createRequire } = require('node:module')
const { readFileSync } = require('node:fs')

const asked = JSON.parse(readFileSync(0, 'utf8'))
const from = createRequire(asked.modules + '/')
const inSigstore = createRequire(from.resolve('sigstore'))
const { TrustedRoot } = from('@sigstore/protobuf-specs')
inSigstore('@sigstore/tuf').getTrustedRoot = async () => TrustedRoot.fromJSON(asked.root)

// As npm's lib/utils/verify-signatures.js makes them of the TUF repository's file.
const keys = asked.keys.keys.map((key) => ({
  ...key,
  keyid: key.keyId,
  pemkey: `-----BEGIN PUBLIC KEY-----\n${key.publicKey.rawBytes}\n-----END PUBLIC KEY-----`,
  expires: key.publicKey.validFor.end || null,
}))
const { host, pathname } = new URL(asked.registry)
const options = {
  registry: asked.registry,
  cache: asked.cache,
  verifySignatures: true,
  verifyAttestations: true,
  fetchRetries: 0,
  [`//${host}${pathname}:_keys`]: keys,
}
from('pacote').manifest(asked.spec, options).then(
  (found) => ({
    accepted: true,
    signatures: (found._signatures || []).length,
    attestations: found._attestations ? (found._attestationBundles || []).length : null,
  }),
  (error) => ({ accepted: false, code: error.code || '', error: error.message }),
).then((said) => process.stdout.write(JSON.stringify(said)))
