/** Why a call was refused before it got a seq. */
export type DropReason =
  /** The name of an event or a page and the id of a user or a group are texts of 1 to 500 characters. */
  | 'invalid_name'
  /** `JSON.stringify` threw: a cycle, a BigInt, a `toJSON` that fails. */
  | 'not_serialisable'
  /** Properties and traits must be objects. */
  | 'not_an_object'
  | 'properties_too_large'
  | 'event_too_large'
  | 'too_deep'
  | 'prototype_member'
  /** The registered properties would outgrow their share of the state. */
  | 'state_too_large'
  /** `beforeSend` dropped it, or failed. */
  | 'before_send'
  /** The visitor denied consent. */
  | 'consent_denied'
  /** More was tracked than memory may hold before the visitor decides. */
  | 'consent_pending'
  /** It happened before the buffer was emptied by `forget()` or a withdrawal. */
  | 'forgotten'
  /** `close()` was called. */
  | 'closed'
  /** There is no browser here: the page is being rendered on a server. */
  | 'no_browser'
  /** A fault of the SDK's own. */
  | 'internal'
