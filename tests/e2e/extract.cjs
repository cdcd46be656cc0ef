// Unpacks archives with the extraction that npm itself uses, one after another.
// node extract.cjs NPM_FOLDER FOLDER: each FOLDER/N.tgz goes to FOLDER/N; a line of JSON for each.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const [npm, folder] = process.argv.slice(2)
const pacote = require(require.resolve('pacote', { paths: [npm] }))

const PATIENCE = 3000 // milliseconds: on some broken archives npm never ends

const limit = (promise) => {
  let timer
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it never ends')), PATIENCE)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

// On some names npm throws where nothing can catch it, and would end; here the next one is due.
let thrown = ''
process.on('uncaughtException', (error) => {
  thrown = String(error.code || error.message)
})

const main = async () => {
  const cache = path.join(folder, 'cache')
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.tgz'))) {
    const place = path.join(folder, path.basename(file, '.tgz'))
    let error = ''
    thrown = ''
    try {
      await limit(pacote.extract(`file:${path.join(folder, file)}`, place, { cache }))
    } catch (refused) {
      error = String(refused.message || refused).slice(0, 200)
    }
    console.log(JSON.stringify({ file, error: thrown || error }))
  }
}

main().then(() => process.exit(0))
