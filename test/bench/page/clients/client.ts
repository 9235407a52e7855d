/** What every page of the benches hands over as one event. */
export interface Properties {
  /** `mk-<number>-`: what the receiver finds an event by, whatever it is wrapped in. */
  marker: string
  sku: string
  category: string
  price: number
  currency: string
  position: number
}

/** One SDK as a page uses it. */
export interface Client {
  /** Its most durable documented settings, as they are handed to it; where it is to send to aside. */
  settings: object
  /** Starts it, and returns the call that takes an event. */
  start(url: string): Promise<(properties: Properties) => unknown> | ((properties: Properties) => unknown)
}

/** What every event is called. */
export const EVENT = 'Product Viewed'

declare global {
  interface Window {
    client: Client
  }
}
