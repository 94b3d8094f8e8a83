-- Minutes and hours: the buckets of the archive, and for each tag its last one together with what the fresh samples add to
-- it and to later ones. A sample adds its own time (held) and, when it is the first of its bucket, the time that the value
-- before it held in that bucket (carried). The archive's last sample (base) only takes back what the bucket counted past the
-- next sample. Fresh samples that are older than the archive's last wait for the merge.
--
-- One text for both: the build puts minute and hour in the place of @bucket@, and its µs in that of @width_us@.

DROP VIEW IF EXISTS fresh_@bucket@;
CREATE VIEW fresh_@bucket@ AS
SELECT tag,
       bucket AS ts,
       n,
       min,
       max,
       CASE WHEN texts THEN NULL ELSE area / nullif(good_us, 0) END AS avg,
       ifnull(archived_first, first) AS first,
       ifnull(last, archived_last) AS last,
       good_us
FROM (SELECT *, max(CASE WHEN is_first THEN number END) OVER (PARTITION BY tag, bucket) AS first, number AS last
FROM (SELECT tag, bucket, number,
             number NOTNULL AND ts = min(CASE WHEN number NOTNULL THEN ts END) OVER whole AND NOT again AS is_first,
             ts IS last_value(ts) OVER whole AND place IS last_value(place) OVER whole AS is_last,
             sum(n) OVER whole AS n,
             min(min) OVER whole AS min,
             max(max) OVER whole AS max,
             max(texts) OVER whole AS texts,
             sum(area) OVER whole AS area,
             max(archived_first) OVER whole AS archived_first,
             max(archived_last) OVER whole AS archived_last,
             sum(good_us) OVER whole AS good_us
FROM (
    SELECT t.name AS tag, s.ts AS bucket, NULL AS ts, NULL AS place, NULL AS number, 0 AS again, s.n, s.min,
           ifnull(s.max, s.min) AS max, ifnull(s.first, s.min) AS archived_first,
           coalesce(s.last, s.max, s.min) AS archived_last,
           ifnull(s.avg * s.good_us, 0) AS area, s.good_us, s.avg IS NULL AND s.good_us > 0 AS texts
    FROM tag t CROSS JOIN @bucket@_open s ON s.tag_id = t.id
    UNION ALL
    SELECT tag, bucket, ts, place, number,
           before_good = 1 AND before_ts = ts AND before_place <> place,
           1 - base, number, number, NULL, NULL,
           CASE good WHEN 1 THEN held_us * value ELSE 0 END + CASE before_good WHEN 1 THEN carried_us * before_value ELSE 0 END,
           held_us + carried_us,
           (base = 0 AND good = 2 AND held_us > 0) OR (before_good = 2 AND carried_us > 0)
    FROM (
        SELECT *,
               CASE WHEN base = 0 AND good = 1 THEN value END AS number,
               CASE WHEN good THEN max(0, min(until_ts, end_ts, ifnull(until, end_ts)) - ts)
                                   - base * max(0, min(end_ts, ifnull(until, end_ts)) - ts)
                    ELSE 0 END AS held_us,
               CASE WHEN base = 0 AND before_good AND before_ts < bucket
                    THEN max(0, min(ts, ifnull(before_until, ts)) - bucket) ELSE 0 END AS carried_us
        FROM (SELECT *,
                     ts - ts % @width_us@ AS bucket,
                     ts - ts % @width_us@ + @width_us@ AS end_ts,
                     CASE WHEN next_ts = ts AND next_place = place THEN ts - ts % @width_us@ + @width_us@ ELSE next_ts END
                     AS until_ts
              FROM fresh_neighbour)
    )
)
WINDOW whole AS (PARTITION BY tag, bucket ORDER BY number NOTNULL, ts, place
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
WHERE is_first OR is_last) WHERE is_last;

DROP VIEW IF EXISTS history_@bucket@;
CREATE VIEW history_@bucket@ AS
SELECT tag,
       strftime('%Y-%m-%dT%H:%M:%SZ', ts / 1000000, 'unixepoch') AS time,
       ts,
       n,
       min,
       ifnull(max, min) AS max,
       avg,
       ifnull(first, min) AS first,
       coalesce(last, max, min) AS last,
       good_us / @width_us@.0 AS good
FROM (
    SELECT t.name AS tag, s.ts, s.n, s.min, s.max, s.avg, s.first, s.last, s.good_us
    FROM tag t CROSS JOIN @bucket@ s ON s.tag_id = t.id
    UNION ALL
    SELECT tag, ts, n, min, max, avg, first, last, good_us FROM fresh_@bucket@
);
