/**
 * What one event and one batch may hold. Both ends use this table: the SDK refuses or cuts by it, the collector
 * enforces it. Bytes are UTF-8 bytes of the JSON text.
 */
export const limits = {
  /** One line of a batch: a complete event. */
  eventBytes: 45_056,
  /** `properties` or `traits` of one event. */
  propertiesBytes: 16_384,
  /** `state` of one event. */
  stateBytes: 16_384,
  /** Nesting of objects and arrays in one event; the event itself is level 1. */
  depth: 32,
  /** Lines of one batch. */
  batchEvents: 500,
  /** One batch with its header, inflated. */
  batchBytes: 524_288,
  /** One request body as it travels. */
  bodyBytes: 524_288,
  /** Line 1 of a batch. */
  headerBytes: 8_192,
} as const

/** The limits of one collector: {@link limits}, or lower ones. */
export type Limits = { readonly [Name in keyof typeof limits]: number }
