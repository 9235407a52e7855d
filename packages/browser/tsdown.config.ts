import { defineConfig } from 'tsdown'

const module = {
  platform: 'browser',
  target: 'es2022',
  dts: true,
  fixedExtension: false,
  // Not every minifier of a page writes the value of a constant in the place of its name.
  inputOptions: { optimization: { inlineConst: true } },
} as const

export default defineConfig([
  { entry: 'src/index.ts', ...module },
  // Apart, and not as a second entry: page and worker share nothing, and neither needs a chunk with a hashed name.
  { entry: 'src/service-worker.ts', ...module },
  {
    entry: { waybill: 'src/script.ts' },
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    dts: false,
    deps: { alwaysBundle: [/.*/], onlyBundle: false },
    outputOptions: { entryFileNames: '[name].js', comments: { annotation: false } },
  },
])
