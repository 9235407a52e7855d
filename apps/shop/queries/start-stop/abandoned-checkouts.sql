-- A start without an end, and the last step that was heard of. (As each of them carries the checkout's id, GROUP BY over
-- all events of each checkout could take the place of the joins.)
WITH steps AS (
  SELECT checkout, arg_max(step, timestamp) AS step
  FROM start_stop
  WHERE event = 'checkout_step'
  GROUP BY checkout
)
SELECT steps.step, count(*) AS abandoned, sum(started.worth) AS worth
FROM start_stop AS started
JOIN steps ON steps.checkout = started.checkout
LEFT JOIN start_stop AS ended ON ended.event = 'checkout_ended' AND ended.checkout = started.checkout
WHERE started.event = 'checkout_started' AND ended.checkout IS NULL
GROUP BY steps.step
ORDER BY steps.step;
