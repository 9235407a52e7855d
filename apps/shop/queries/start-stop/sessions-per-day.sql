-- An event is of its visitor's latest session_start before it. A session ends with its last event: many have no
-- session_end.
WITH starts AS (FROM start_stop WHERE event = 'session_start'),
sessions AS (
  SELECT
    starts.timestamp AS started,
    count(*) FILTER (happened.event IN ('Home', 'Product', 'Cart', 'Checkout', 'Thanks')) AS pages,
    date_sub('minute', starts.timestamp, max(happened.timestamp)) AS minutes
  FROM start_stop AS happened
  ASOF JOIN starts ON starts.visitor = happened.visitor AND starts.timestamp <= happened.timestamp
  GROUP BY starts.session, starts.timestamp
)
SELECT started::DATE AS day, count(*) AS sessions, sum(pages) AS pages, sum(minutes) AS minutes
FROM sessions
GROUP BY day
ORDER BY day;
