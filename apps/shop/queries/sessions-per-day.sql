-- Sessions per day: how many began, how many pages they saw, and for how many minutes they went on.
--
-- Each event says of which session it is, when that began and how many pages it has seen so far.
SELECT day, count(*) AS sessions, sum(pages) AS pages, sum(minutes) AS minutes
FROM (
  SELECT
    min(state.session.startedAt)::DATE AS day,
    max(state.session.pages) AS pages,
    date_sub('minute', min(state.session.startedAt), max(timestamp)) AS minutes
  FROM events
  GROUP BY state.session.id
)
GROUP BY day
ORDER BY day;
