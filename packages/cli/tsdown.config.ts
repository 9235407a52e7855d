import { defineConfig } from 'tsdown'

// One file with the protocol in it: `npx waybill` downloads nothing else.
export default defineConfig({
  entry: 'src/waybill.ts',
  platform: 'node',
  target: 'node20.12',
  deps: { alwaysBundle: [/^@waybill\//], onlyBundle: false },
  fixedExtension: false,
  dts: false,
})
