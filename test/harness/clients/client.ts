/** What another vendor's client for browsers is told to do, and where. */
export interface ClientOptions {
  /** The collector's origin. */
  url: string
  writeKey: string
  /** Many events in a request: Segment's by its own strategy, RudderStack's by beacons. Default false. */
  batching?: boolean
}

/** What Segment's and RudderStack's have in common. */
export interface Client {
  identify(userId: string, traits: Record<string, string>): unknown
  group(groupId: string, traits: Record<string, string>): unknown
  page(category: string, name: string): unknown
  track(event: string, properties: Record<string, number>): unknown
}

declare global {
  interface Window {
    startClient(options: ClientOptions): Client
  }
}
