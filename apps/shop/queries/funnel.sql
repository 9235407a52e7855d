-- A funnel: how many sessions came to each of these pages, in this order?
--
-- The shop's own accumulator, src/funnel.ts, counts the steps in the browser.
SELECT
  count(DISTINCT state.session.id) AS sessions,
  count(DISTINCT state.session.id) FILTER (state.funnel.step >= 1) AS product,
  count(DISTINCT state.session.id) FILTER (state.funnel.step >= 2) AS cart,
  count(DISTINCT state.session.id) FILTER (state.funnel.step >= 3) AS checkout,
  count(DISTINCT state.session.id) FILTER (state.funnel.step >= 4) AS thanks
FROM events;
