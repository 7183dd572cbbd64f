SELECT t."name", t."type", COUNT(*)
FROM (SELECT "name", JSON_TYPEOF("value") AS "type" FROM "users" AS a, UNPIVOT a."attributes" AS "value" AT "name") AS t
WHERE t."type" <> 'null'
GROUP BY 1, 2
