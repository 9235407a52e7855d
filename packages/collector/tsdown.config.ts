import { defineConfig } from 'tsdown'

// Together, so that there is one ConfigurationError.
export default defineConfig({
  entry: { index: 'src/index.ts', node: 'src/node.ts', bin: 'src/node/bin.ts', 'file-folder': 'src/file-folder.ts' },
  platform: 'neutral',
  deps: { neverBundle: [/^node:/] },
  dts: true,
  fixedExtension: false,
})
