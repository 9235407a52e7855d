-- The visitor's first session_start knows where the visitor came from, checkout_started what the order is worth. (If
-- checkout_ended told the worth, too, GROUP BY visitor over all that each ever did could take the place of the joins.)
WITH firsts AS (
  SELECT visitor, arg_min_null(source, timestamp) AS source
  FROM start_stop
  WHERE event = 'session_start'
  GROUP BY visitor
)
SELECT coalesce(firsts.source, 'direct') AS first_touch, count(*) AS orders, sum(started.worth) AS revenue
FROM start_stop AS ended
JOIN start_stop AS started ON started.event = 'checkout_started' AND started.checkout = ended.checkout
JOIN firsts ON firsts.visitor = ended.visitor
WHERE ended.event = 'checkout_ended'
GROUP BY first_touch
ORDER BY revenue DESC, first_touch;
