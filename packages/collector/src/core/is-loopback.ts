/** Whether a URL's `hostname` can only be this machine: `localhost`, anything below it, and the two addresses. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '127.0.0.1' || hostname === '[::1]'
