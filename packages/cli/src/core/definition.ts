// The shapes of what a configuration file exports. Types only: the program runs where no collector is installed, and takes the
// one that the file itself imports.
// biome-ignore lint/style/noRestrictedImports: nothing of it is left when it runs
export type { CollectorDefinition, Setting, SinkCheck } from '@waybill/collector'
