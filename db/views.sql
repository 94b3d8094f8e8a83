-- What sqlite3 users may build on (hmi-history(5)). Columns are never removed or renamed. The views are made anew at every
-- change of version.
--
-- Their form decides whether an index is used: the join with `tag` and the choice of the tables lie inside the arms of the
-- union, so that conditions on tag and ts reach each table's key; what is computed for each row (time, text) lies outside,
-- so that a query that does not ask for it does not pay for it. CROSS JOIN fixes the order: runs first, then the key of
-- each. The plus in +t.id keeps the mark from being taken as a key. A test looks at the plans.

DROP VIEW IF EXISTS history;
CREATE VIEW history AS
SELECT tag,
       strftime('%Y-%m-%dT%H:%M:%fZ', ts / 1000 / 1e3, 'unixepoch') AS time,
       ts,
       CASE typeof(value) WHEN 'blob' THEN CAST(value AS TEXT) ELSE value END AS value,
       quality,
       (SELECT s.text FROM tag_state s WHERE s.tag_id = sample.id AND s.value = sample.value) AS text
FROM (
    SELECT t.id, t.name AS tag, s.ts, s.value, s.quality
    FROM run_a r CROSS JOIN fresh_a s ON s.run = r.id JOIN tag t ON t.id = s.tag_id
    WHERE +t.id > (SELECT mark_a FROM store)
    UNION ALL
    SELECT t.id, t.name, s.ts, s.value, s.quality
    FROM run_b r CROSS JOIN fresh_b s ON s.run = r.id JOIN tag t ON t.id = s.tag_id
    WHERE +t.id > (SELECT mark_b FROM store)
    UNION ALL
    SELECT t.id, t.name, s.ts, s.value, s.quality
    FROM tail s JOIN tag t ON t.id = s.tag_id
) AS sample;

-- The last sample of each tag as it is stored. Not for users. Of several with one time stamp the one that came last: max()
-- keeps the row that it meets first, and LIMIT -1 makes the order of the tail stand.
DROP VIEW IF EXISTS latest_stored;
CREATE VIEW latest_stored AS
SELECT tag_id, max(ts) AS ts, value, quality
FROM (
    SELECT * FROM (SELECT tag_id, ts, value, quality FROM tail ORDER BY rowid DESC LIMIT -1)
    UNION ALL
    SELECT tag_id, ts, value, quality FROM latest_flushed
)
GROUP BY tag_id;

DROP VIEW IF EXISTS latest;
CREATE VIEW latest AS
SELECT t.name AS tag,
       strftime('%Y-%m-%dT%H:%M:%fZ', l.ts / 1000 / 1e3, 'unixepoch') AS time,
       l.ts AS ts,
       CASE typeof(l.value) WHEN 'blob' THEN CAST(l.value AS TEXT) ELSE l.value END AS value,
       l.quality AS quality,
       t.unit AS unit,
       t.description AS description,
       (SELECT s.text FROM tag_state s WHERE s.tag_id = l.tag_id AND s.value = l.value) AS text
FROM tag t JOIN latest_stored l ON l.tag_id = t.id;

DROP VIEW IF EXISTS tags;
CREATE VIEW tags AS
SELECT name AS tag, topic, path, area, kind, unit, description, low, high FROM tag;

DROP VIEW IF EXISTS gap;
CREATE VIEW gap AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ts_start / 1000 / 1e3, 'unixepoch') AS start,
       strftime('%Y-%m-%dT%H:%M:%fZ', ts_end / 1000 / 1e3, 'unixepoch') AS "end",
       ts_start,
       ts_end,
       reason
FROM unrecorded;
