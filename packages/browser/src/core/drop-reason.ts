/** Why a call was refused before it got a seq. */
export type DropReason =
  /** Names, the id of a user or a group, and a span's outcome are texts of 1 to 500 characters. */
  | 'invalid_name'
  /** `JSON.stringify` threw: a cycle, a BigInt, a `toJSON` that fails. */
  | 'not_serialisable'
  /** Properties and traits must be objects. */
  | 'not_an_object'
  /** What is added to a span is a finite number, and so is the sum. */
  | 'not_a_number'
  | 'properties_too_large'
  | 'event_too_large'
  | 'too_deep'
  | 'prototype_member'
  /** What was registered, or what the open spans have gathered, would outgrow its share of the state. */
  | 'state_too_large'
  /** `beforeSend` dropped it, or failed. */
  | 'before_send'
  /** The span was ended before, in this tab or another one, or abandoned; or its `start` was dropped, or the person is gone. */
  | 'span_ended'
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
