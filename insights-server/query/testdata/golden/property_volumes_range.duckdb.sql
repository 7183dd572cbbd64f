SELECT e."event", COUNT(*), MIN(e."timestamp"), MAX(e."timestamp")
FROM "events" AS e
WHERE e."timestamp" >= TIMESTAMP '2024-10-19 22:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-10-27 23:00:00.000000'
  AND (e."p3_text" IS NOT NULL OR e."p3_number" IS NOT NULL OR e."p3_boolean" IS NOT NULL OR e."p3_complex" IS NOT NULL)
GROUP BY 1
