-- Abandoned checkouts: at which step, and what was in the cart?
--
-- A checkout is one event, when it is over, with all that it gathered. One that is abandoned is told by the visitor's next
-- visit; whoever has not come back since shows in the funnel only.
SELECT properties.step AS step, count(*) AS abandoned, sum(properties.worth) AS worth
FROM events
WHERE event = 'Checkout' AND span.outcome = 'abandoned'
GROUP BY step
ORDER BY step;
