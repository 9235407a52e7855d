import { defineConfig } from 'tsdown'

export default defineConfig([
  {
    entry: ['src/index.ts', 'src/service-worker.ts'],
    platform: 'browser',
    target: 'es2022',
    dts: true,
    fixedExtension: false,
  },
  {
    entry: { waybill: 'src/script.ts' },
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    dts: false,
    deps: { alwaysBundle: [/.*/], onlyBundle: false },
    outputOptions: { entryFileNames: '[name].js' },
  },
])
