-- The objects of the R2 bucket as one table, a row for each complete event. `pnpm examples` leaves a copy of them in
-- apps/shop/events. With the bucket itself: 's3://waybill-events/*/dt=*/*/*.ndjson'
CREATE OR REPLACE VIEW events AS
FROM read_json(
  'events/*/dt=*/*/*.ndjson',
  format = 'newline_delimited',
  union_by_name = true,
  -- Each event says only what it has to say, so all of them are looked at for the columns.
  sample_size = -1,
  map_inference_threshold = -1
)
-- What stands in the place of an event that was shed or rejected is none.
WHERE type NOT IN ('shed', 'rejected');
