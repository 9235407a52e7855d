import { build } from 'tsdown'

interface BundleOptions {
  /** Default false. */
  minify?: boolean
}

/** One script of a module and all that it imports, as a site's own build makes it. */
export async function bundle(entry: string, { minify = false }: BundleOptions = {}): Promise<string> {
  const { bundles } = await build({
    config: false,
    entry,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    dts: false,
    minify,
    write: false,
    logLevel: 'error',
    deps: { alwaysBundle: [/.*/], onlyBundle: false },
  })
  const [script] = bundles.flatMap(({ chunks }) => chunks)
  if (script?.type !== 'chunk') throw new Error(`${entry} could not be bundled`)
  return script.code
}
