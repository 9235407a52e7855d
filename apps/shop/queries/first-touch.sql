-- First-touch attribution: what first brought the people here who have ordered since, in this visit or another?
--
-- An order carries the first touch of its visitor.
SELECT
  coalesce(
    state.touch.first.campaign.source || ' / ' || state.touch.first.campaign.medium,
    state.touch.first.referrer,
    'direct'
  ) AS first_touch,
  count(*) AS orders,
  sum(properties.worth) AS revenue
FROM events
WHERE event = 'Checkout' AND span.outcome = 'completed'
GROUP BY first_touch
ORDER BY revenue DESC, first_touch;
