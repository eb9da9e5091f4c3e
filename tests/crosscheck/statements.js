// Runs the lines that man/sealift-statement.5 gives for sigstore-js on signed statements:
// `node statements.js PAGE FOLDER`. Each folder in it has a statement and the key that signed it.

'use strict'

const { spawnSync } = require('node:child_process')
const { copyFileSync, readFileSync, readdirSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')

const [page, folder] = process.argv.slice(2)
const example = readFileSync(page, 'utf8')
  .split('.nf\n')
  .find((part) => part.includes('@sigstore/verify\\(aq'))
const lines = example.split('\n.fi')[0].replaceAll('\\(aq', "'").replaceAll('\\-', '-')
const program = join(__dirname, 'lines.js')
writeFileSync(program, lines)

const verify = (cwd) => spawnSync('node', [program], { cwd, encoding: 'utf8' })
const keys = readdirSync(folder)
if (keys.length !== 2) throw new Error(`expected statements by two keys, found ${keys}`)
for (const [one, other] of [keys, keys.toReversed()]) {
  const good = verify(join(folder, one))
  if (good.status !== 0 || good.stdout) throw new Error(`${one} is refused: ${good.stderr}`)
  const key = readFileSync(join(folder, one, 'key.pub'))
  copyFileSync(join(folder, other, 'key.pub'), join(folder, one, 'key.pub'))
  const bad = verify(join(folder, one))
  if (bad.status === 0 || !bad.stderr.includes('SIGNATURE_ERROR')) {
    throw new Error(`${one} is accepted with the key ${other}: ${bad.stderr}`)
  }
  writeFileSync(join(folder, one, 'key.pub'), key)
}
console.log(`sigstore-js verifies ${keys.length} statements`)
