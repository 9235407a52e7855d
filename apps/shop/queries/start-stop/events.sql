-- The same traffic as a start/stop model tells it: who did what and when, and nothing of what was before. Sessions and
-- checkouts have an event for their start and another for their end, if somebody was there to send it.
CREATE OR REPLACE VIEW start_stop AS
SELECT
  anonymousId AS visitor,
  timestamp,
  coalesce(name, event) AS event,
  NULL::VARCHAR AS session,
  NULL::VARCHAR AS source,
  NULL::VARCHAR AS checkout,
  NULL::VARCHAR AS step,
  NULL::BIGINT AS worth
FROM events
WHERE type = 'page' OR event = 'Product Added'
UNION ALL BY NAME
-- Knows what its own first page knew.
SELECT
  anonymousId AS visitor,
  state.session.startedAt AS timestamp,
  'session_start' AS event,
  state.session.id AS session,
  coalesce(
    state.session.campaign.source || ' / ' || state.session.campaign.medium,
    nullif(state.session.referrer, '')
  ) AS source
FROM events
WHERE state.session.events = 1
UNION ALL BY NAME
SELECT anonymousId AS visitor, timestamp, 'session_end' AS event, state.session.id AS session
FROM events
WHERE event = 'Session Ended'
UNION ALL BY NAME
SELECT
  anonymousId AS visitor,
  span.startedAt AS timestamp,
  'checkout_started' AS event,
  span.id::VARCHAR AS checkout,
  properties.worth
FROM events
WHERE event = 'Checkout'
UNION ALL BY NAME
-- Of the steps of a checkout the span tells the last.
SELECT anonymousId AS visitor, timestamp, 'checkout_step' AS event, span.id::VARCHAR AS checkout, properties.step
FROM events
WHERE event = 'Checkout'
UNION ALL BY NAME
SELECT anonymousId AS visitor, timestamp, 'checkout_ended' AS event, span.id::VARCHAR AS checkout
FROM events
WHERE event = 'Checkout' AND span.outcome <> 'abandoned';
