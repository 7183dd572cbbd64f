SELECT c."event", c."count", c."first_seen", c."last_seen", COALESCE(v."count", 0)
FROM "loaf_event_catalog" AS c
LEFT JOIN (SELECT e."event", COUNT(*) AS "count"
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-10-19 22:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-10-27 23:00:00.000000'
GROUP BY 1) AS v ON v."event" = c."event"
