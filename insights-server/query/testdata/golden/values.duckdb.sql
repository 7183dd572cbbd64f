SELECT v."text", v."number", v."boolean", COUNT(*) AS "count"
FROM (SELECT e."p3_text" AS "text", e."p3_number" AS "number", e."p3_boolean" AS "boolean" FROM "events" AS e WHERE e."event" = $1 AND (e."p3_text" IS NOT NULL OR e."p3_number" IS NOT NULL OR e."p3_boolean" IS NOT NULL)) AS v
WHERE contains(lower(v."text"), lower($2))
   OR contains(lower(regexp_replace(CAST(v."number" AS VARCHAR), '\.0$', '')), lower($2))
   OR contains(CASE WHEN v."boolean" THEN 'true' WHEN NOT v."boolean" THEN 'false' END, lower($2))
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT 50
-- $1 = string commit
-- $2 = string ä
