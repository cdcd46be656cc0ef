// Verifies bundles with npm's own copy of sigstore-js, under a given root and given keys.
// stdin: {modules, root, keys, bundles}; stdout: one text for each bundle, "" where it is accepted.
'use strict'
const { createRequire } = require('node:module')
const { readFileSync } = require('node:fs')

const asked = JSON.parse(readFileSync(0, 'utf8'))
const from = createRequire(asked.modules + '/')
const { bundleFromJSON } = from('@sigstore/bundle')
const { Verifier, toSignedEntity, toTrustMaterial } = from('@sigstore/verify')
const { TrustedRoot } = from('@sigstore/protobuf-specs')

const keys = {}
for (const { keyId, keyUsage, publicKey } of asked.keys.keys) {
  if (keyUsage !== 'npm:attestations') continue
  const window = Object.entries(publicKey.validFor).map(([name, text]) => [name, new Date(text)])
  keys[keyId] = {
    rawBytes: Buffer.from(publicKey.rawBytes, 'base64'),
    validFor: Object.fromEntries(window),
  }
}
const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(asked.root), keys))
const said = asked.bundles.map((bundle) => {
  try {
    verifier.verify(toSignedEntity(bundleFromJSON(bundle)))
    return ''
  } catch (error) {
    return String(error.message || error)
  }
})
process.stdout.write(JSON.stringify(said))
