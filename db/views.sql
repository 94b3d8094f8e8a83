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
    FROM tag t CROSS JOIN archive s ON s.tag_id = t.id
    UNION ALL
    SELECT t.id, t.name, s.ts, s.value, s.quality
    FROM run_a r CROSS JOIN fresh_a s ON s.run = r.id JOIN tag t ON t.id = s.tag_id
    WHERE (+t.id, +s.ts) > (SELECT mark_a, mark_a_ts FROM store)
    UNION ALL
    SELECT t.id, t.name, s.ts, s.value, s.quality
    FROM run_b r CROSS JOIN fresh_b s ON s.run = r.id JOIN tag t ON t.id = s.tag_id
    WHERE (+t.id, +s.ts) > (SELECT mark_b, mark_b_ts FROM store)
    UNION ALL
    SELECT t.id, t.name, s.ts, s.value, s.quality
    FROM tail s JOIN tag t ON t.id = s.tag_id
) AS sample;

-- What is fresh and newer than the tag's last sample in the archive, and that sample (base = 1), with the moment until which
-- the next gap lets it hold. Of samples with one ts the one with the greater place came later. Not for users.
DROP VIEW IF EXISTS fresh_sample;
CREATE VIEW fresh_sample AS
SELECT tag, ts, place, value, quality, base,
       (SELECT min(max(u.ts_start, sample.ts)) FROM unrecorded u WHERE u.ts_end > sample.ts) AS until
FROM (
    SELECT t.name AS tag, s.ts, -1 AS place, s.value, s.quality, 1 AS base
    FROM tag t CROSS JOIN archive s ON s.tag_id = t.id AND s.ts = (SELECT max(ts) FROM archive WHERE tag_id = t.id)
    UNION ALL
    SELECT t.name, s.ts, 2 * s.run, s.value, s.quality, 0
    FROM run_a r CROSS JOIN fresh_a s ON s.run = r.id JOIN tag t ON t.id = s.tag_id
    WHERE (+t.id, +s.ts) > (SELECT mark_a, mark_a_ts FROM store)
        AND NOT ifnull(+s.ts <= (SELECT max(ts) FROM archive WHERE tag_id = t.id), 0)
    UNION ALL
    SELECT t.name, s.ts, 2 * s.run + 1, s.value, s.quality, 0
    FROM run_b r CROSS JOIN fresh_b s ON s.run = r.id JOIN tag t ON t.id = s.tag_id
    WHERE (+t.id, +s.ts) > (SELECT mark_b, mark_b_ts FROM store)
        AND NOT ifnull(+s.ts <= (SELECT max(ts) FROM archive WHERE tag_id = t.id), 0)
    UNION ALL
    SELECT t.name, s.ts, (1 << 62) + s.rowid, s.value, s.quality, 0
    FROM tail s JOIN tag t ON t.id = s.tag_id
    WHERE NOT ifnull(+s.ts <= (SELECT max(ts) FROM archive WHERE tag_id = t.id), 0)
) AS sample;

-- The same with its neighbours in time; where there is none, it is its own. The window is one of a tag, so that a condition on
-- tag reaches the keys; and it is only one, because each sorts all rows. good: 0 not Good, 1 a Good number, 2 a Good text.
-- Not for users.
DROP VIEW IF EXISTS fresh_neighbour;
CREATE VIEW fresh_neighbour AS
SELECT *,
       first_value(ts) OVER beside AS before_ts,
       first_value(place) OVER beside AS before_place,
       first_value(value) OVER beside AS before_value,
       first_value(good) OVER beside AS before_good,
       first_value(until) OVER beside AS before_until,
       last_value(ts) OVER beside AS next_ts,
       last_value(place) OVER beside AS next_place
FROM (
    SELECT *, CASE WHEN quality >= 1073741824 OR value IS NULL THEN 0 WHEN typeof(value) = 'blob' THEN 2 ELSE 1 END
              AS good
    FROM fresh_sample
)
WINDOW beside AS (PARTITION BY tag ORDER BY ts, place ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING);

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

DROP VIEW IF EXISTS journal;
CREATE VIEW journal AS
SELECT id,
       strftime('%Y-%m-%dT%H:%M:%fZ', ts / 1000 / 1e3, 'unixepoch') AS time,
       ts, kind, tag, alarm, event, priority, value, limit_value, operator, station, detail,
       type, state_before, state_after, command
FROM journal_entry;

-- A command is a row that asks and, once it has come to its end, a row that tells the outcome; one that was refused is a row
-- by itself.
DROP VIEW IF EXISTS commands;
CREATE VIEW commands AS
SELECT q.command AS id,
       strftime('%Y-%m-%dT%H:%M:%fZ', q.ts / 1000 / 1e3, 'unixepoch') AS time,
       q.ts AS ts,
       q.tag AS tag,
       q.operator AS operator,
       q.station AS station,
       q.value_old AS old,
       q.value_new AS new,
       o.value_readback AS readback,
       CASE q.kind WHEN 'refusal' THEN 'refused' ELSE ifnull(o.event, 'under way') END AS outcome,
       o.ms_broker AS ms_broker,
       o.ms_readback AS ms_readback,
       q.detail AS reason,
       o.detail AS detail,
       o.ms_recorded AS ms_recorded,
       o.ms_sent AS ms_sent,
       r.event AS button
FROM journal_entry q LEFT JOIN journal_entry o ON o.command = q.command AND o.kind = 'outcome'
    LEFT JOIN journal_entry r ON r.command = q.command AND r.kind = 'release'
WHERE q.command IS NOT NULL AND q.kind IN ('command', 'refusal');

-- ts is when the condition came; of one that is shelved without it, when it was shelved.
DROP VIEW IF EXISTS alarms;
CREATE VIEW alarms AS
SELECT tag,
       tag || '/' || word AS alarm,
       type, priority, state,
       strftime('%Y-%m-%dT%H:%M:%fZ', ts / 1000 / 1e3, 'unixepoch') AS time,
       ts, value, limit_value, message,
       active, changed_us, cleared_us, acknowledged_us, acknowledged_by, shelf_until_us, shelved_by, shelf_reason, detail
FROM (
    SELECT t.name AS tag, coalesce(nullif(a.activated_us, 0), a.changed_us) AS ts, a.*
    FROM tag t CROSS JOIN alarm_state a ON a.tag_id = t.id
    UNION ALL
    SELECT 'system', coalesce(nullif(a.activated_us, 0), a.changed_us), a.*
    FROM alarm_state a WHERE a.tag_id = 0
);
