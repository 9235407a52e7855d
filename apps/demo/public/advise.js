/**
 * What a person can do about an error of the SDK's; what is pending stays in the buffer meanwhile.
 *
 * @param {string} code
 */
export function advise(code) {
  switch (code) {
    case 'outage':
      return 'The collector did not answer. Go online, or start it again; the SDK tries again by itself.'
    case 'storage':
      return 'IndexedDB refused. Leave private mode, free disk space, or allow site data for this page.'
    case 'unknown_key':
      return 'Give data-key a key that the collector knows: in development wk_dev.'
    case 'origin_not_allowed':
      return 'Open this page from localhost, or allow its origin for the key.'
    case 'sink_unavailable':
      return 'A destination did not take the batch; the collector’s terminal names it. The SDK tries again by itself.'
    case 'internal_error':
      return 'The collector failed; its terminal says where. The SDK tries again by itself.'
  }
  if (code.startsWith('http_'))
    return 'Something else answered in the collector’s place: look for a proxy or a blocker.'
  return 'The collector refused the batch; its terminal has the same code.'
}
