-- Which session each page is of; then, for each step, the first such page after the step before.
WITH starts AS (FROM start_stop WHERE event = 'session_start'),
pages AS (
  SELECT starts.session, happened.event, happened.timestamp
  FROM start_stop AS happened
  ASOF JOIN starts ON starts.visitor = happened.visitor AND starts.timestamp <= happened.timestamp
),
product AS (SELECT session, min(timestamp) AS timestamp FROM pages WHERE event = 'Product' GROUP BY session),
cart AS (
  SELECT session, min(pages.timestamp) AS timestamp
  FROM pages JOIN product USING (session)
  WHERE event = 'Cart' AND pages.timestamp > product.timestamp
  GROUP BY session
),
checkout AS (
  SELECT session, min(pages.timestamp) AS timestamp
  FROM pages JOIN cart USING (session)
  WHERE event = 'Checkout' AND pages.timestamp > cart.timestamp
  GROUP BY session
),
thanks AS (
  SELECT session, min(pages.timestamp) AS timestamp
  FROM pages JOIN checkout USING (session)
  WHERE event = 'Thanks' AND pages.timestamp > checkout.timestamp
  GROUP BY session
)
SELECT
  (SELECT count(*) FROM starts) AS sessions,
  (SELECT count(*) FROM product) AS product,
  (SELECT count(*) FROM cart) AS cart,
  (SELECT count(*) FROM checkout) AS checkout,
  (SELECT count(*) FROM thanks) AS thanks;
