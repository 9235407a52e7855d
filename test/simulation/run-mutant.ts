import { registerHooks } from 'node:module'
import { mutants } from './mutants.ts'

// Runs the simulation on code that was changed while it was loaded: `node run-mutant.ts <name> <runs> <seed>`. Prints what
// was found not to hold, as JSON.

const [, , name, runs, seed] = process.argv
const mutant = mutants.find((one) => one.name === name)
if (!mutant) throw new Error(`There is no mutant called '${name}'`)

let isChanged = false
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(`/packages/${mutant.file}`)) return loaded
    let source = String(loaded.source)
    for (const [find, replace] of mutant.changes) {
      if (source.split(find).length !== 2) throw new Error(`${mutant.file} does not hold this text once: ${find}`)
      source = source.replace(find, () => replace)
    }
    isChanged = true
    return { ...loaded, source }
  },
})

const { simulate } = await import('./simulate.ts')
const failure = await simulate({ runs: Number(runs), seed: Number(seed), shrinkSeconds: 0 })
if (!isChanged) throw new Error(`${mutant.file} was not loaded`)
console.log(JSON.stringify(failure?.run.violations ?? []))
