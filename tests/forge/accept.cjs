// Has npm's client library (pacote) verify releases of registries, as `npm audit signatures` has it:
// signatures and attestations. Only the download of the trust root is replaced, by a file's content.
// stdin: {modules, cache, releases: [{registry, spec, root, keys}]}
// stdout: for each {accepted: true, signatures, attestations} or {accepted: false, code, error}.
'use strict'
const { createRequire } = require('node:module')
const { readFileSync } = require('node:fs')

const asked = JSON.parse(readFileSync(0, 'utf8'))
const from = createRequire(asked.modules + '/')
const inSigstore = createRequire(from.resolve('sigstore'))
const { TrustedRoot } = from('@sigstore/protobuf-specs')
let root
inSigstore('@sigstore/tuf').getTrustedRoot = async () => TrustedRoot.fromJSON(root)

// As npm's lib/utils/verify-signatures.js makes them of the TUF repository's file.
const made = (key) => ({
  ...key,
  keyid: key.keyId,
  pemkey: `-----BEGIN PUBLIC KEY-----\n${key.publicKey.rawBytes}\n-----END PUBLIC KEY-----`,
  expires: key.publicKey.validFor.end || null,
})

async function audited (release) {
  root = release.root
  const { host, pathname } = new URL(release.registry)
  const options = {
    registry: release.registry,
    cache: asked.cache,
    verifySignatures: true,
    verifyAttestations: true,
    fetchRetries: 0,
    [`//${host}${pathname}:_keys`]: release.keys.keys.map(made),
  }
  try {
    const found = await from('pacote').manifest(release.spec, options)
    const bundles = found._attestations ? (found._attestationBundles || []).length : null
    return { accepted: true, signatures: (found._signatures || []).length, attestations: bundles }
  } catch (error) {
    return { accepted: false, code: error.code || '', error: error.message }
  }
}

async function main () {
  const said = []
  for (const release of asked.releases) said.push(await audited(release))
  process.stdout.write(JSON.stringify(said))
}
main()
