SELECT COUNT(*) FROM (SELECT "user_id", "user_key" FROM "users" UNION SELECT "user_id", "user_key" FROM "events" WHERE "user_id" IS NOT NULL) AS e
LEFT JOIN (SELECT a."user_key" FROM (SELECT a."user_key", json_type(a."attributes", $1) AS "type0", json_extract_string(a."attributes", $1) AS "value0" FROM "users" AS a) AS a WHERE (CASE WHEN a."type0" IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(a."value0" AS DOUBLE) END < $2)) AS k0 ON k0."user_key" = e."user_key"
LEFT JOIN (SELECT "user_key" FROM (SELECT "user_key", "time", "a0", "a1", "a2", "a3", "p1", "p2", "p3", CASE WHEN CASE WHEN "a0" >= 4 THEN "time" WHEN "a1" >= 4 AND "time" - "p1" <= 7200000000 THEN "p1" WHEN "a2" >= 4 AND "time" - "p2" <= 7200000000 THEN "p2" WHEN "a3" >= 4 AND "time" - "p3" <= 7200000000 THEN "p3" END IS NOT NULL THEN 4 ELSE "reached" END AS "reached"
FROM (SELECT "user_key", "time", "a0", "a1", "a2", "a3", "p1", "p2", MAX(CASE WHEN "a0" >= 3 THEN "time" WHEN "a1" >= 3 AND "time" - "p1" <= 7200000000 THEN "p1" WHEN "a2" >= 3 AND "time" - "p2" <= 7200000000 THEN "p2" END) OVER (PARTITION BY "user_key" ORDER BY "time" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "p3", CASE WHEN CASE WHEN "a0" >= 3 THEN "time" WHEN "a1" >= 3 AND "time" - "p1" <= 7200000000 THEN "p1" WHEN "a2" >= 3 AND "time" - "p2" <= 7200000000 THEN "p2" END IS NOT NULL THEN 3 ELSE "reached" END AS "reached"
FROM (SELECT "user_key", "time", "a0", "a1", "a2", "a3", "p1", MAX(CASE WHEN "a0" >= 2 THEN "time" WHEN "a1" >= 2 AND "time" - "p1" <= 7200000000 THEN "p1" END) OVER (PARTITION BY "user_key" ORDER BY "time" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "p2", CASE WHEN CASE WHEN "a0" >= 2 THEN "time" WHEN "a1" >= 2 AND "time" - "p1" <= 7200000000 THEN "p1" END IS NOT NULL THEN 2 ELSE "reached" END AS "reached"
FROM (SELECT "user_key", "time", "a0", "a1", "a2", "a3", MAX(CASE WHEN "a0" >= 1 THEN "time" END) OVER (PARTITION BY "user_key" ORDER BY "time" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "p1", CASE WHEN CASE WHEN "a0" >= 1 THEN "time" END IS NOT NULL THEN 1 ELSE 0 END AS "reached"
FROM (SELECT "user_key", "time", CASE WHEN "n1" < 1 THEN 0 WHEN "n2" < 1 OR "n3" < 2 THEN 1 WHEN "n4" < 1 OR "n5" < 2 OR "n6" < 2 OR "n7" < 3 THEN 2 WHEN "n8" < 1 OR "n9" < 2 OR "n10" < 2 OR "n11" < 3 OR "n12" < 2 OR "n13" < 3 OR "n14" < 3 OR "n15" < 4 THEN 3 ELSE 4 END AS "a0", CASE WHEN "n2" < 1 THEN 1 WHEN "n4" < 1 OR "n6" < 2 THEN 2 WHEN "n8" < 1 OR "n10" < 2 OR "n12" < 2 OR "n14" < 3 THEN 3 ELSE 4 END AS "a1", CASE WHEN "n4" < 1 THEN 2 WHEN "n8" < 1 OR "n12" < 2 THEN 3 ELSE 4 END AS "a2", CASE WHEN "n8" < 1 THEN 3 ELSE 4 END AS "a3"
FROM (SELECT "user_key", "time", COUNT(CASE WHEN ("mask" & 1) > 0 THEN 1 END) AS "n1", COUNT(CASE WHEN ("mask" & 2) > 0 THEN 1 END) AS "n2", COUNT(CASE WHEN ("mask" & 3) > 0 THEN 1 END) AS "n3", COUNT(CASE WHEN ("mask" & 4) > 0 THEN 1 END) AS "n4", COUNT(CASE WHEN ("mask" & 5) > 0 THEN 1 END) AS "n5", COUNT(CASE WHEN ("mask" & 6) > 0 THEN 1 END) AS "n6", COUNT(CASE WHEN ("mask" & 7) > 0 THEN 1 END) AS "n7", COUNT(CASE WHEN ("mask" & 8) > 0 THEN 1 END) AS "n8", COUNT(CASE WHEN ("mask" & 9) > 0 THEN 1 END) AS "n9", COUNT(CASE WHEN ("mask" & 10) > 0 THEN 1 END) AS "n10", COUNT(CASE WHEN ("mask" & 11) > 0 THEN 1 END) AS "n11", COUNT(CASE WHEN ("mask" & 12) > 0 THEN 1 END) AS "n12", COUNT(CASE WHEN ("mask" & 13) > 0 THEN 1 END) AS "n13", COUNT(CASE WHEN ("mask" & 14) > 0 THEN 1 END) AS "n14", COUNT(CASE WHEN ("mask" & 15) > 0 THEN 1 END) AS "n15"
FROM (SELECT e."user_key", epoch_us(e."timestamp") - (1693526400000000) AS "time", CASE WHEN TRUE THEN 1 ELSE 0 END + CASE WHEN e."event" = $3 AND ((CASE WHEN json_type(e."properties", $1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(json_extract_string(e."properties", $1) AS DOUBLE) END < $4)) THEN 2 ELSE 0 END + CASE WHEN e."event" = $3 AND (u.c0) THEN 4 ELSE 0 END + CASE WHEN e."event" = $5 THEN 8 ELSE 0 END AS "mask"
FROM "events" AS e
LEFT JOIN (SELECT a."user_key", a."type0" <> 'NULL' AS c0 FROM (SELECT a."user_key", json_type(a."attributes", $1) AS "type0", json_extract_string(a."attributes", $1) AS "value0" FROM "users" AS a) AS a) AS u ON u."user_key" = e."user_key"
WHERE e."timestamp" >= TIMESTAMP '2023-09-01 00:00:00.000000'
  AND e."timestamp" < TIMESTAMP '2024-10-28 00:00:00.000000'
  AND e."user_key" IS NOT NULL
  AND (NOT COALESCE(json_type(e."properties", $6) <> 'NULL', FALSE))) AS r
WHERE "mask" > 0
GROUP BY 1, 2) AS n) AS s) AS s) AS s) AS s) AS g
GROUP BY 1
HAVING MAX("reached") = 4) AS k1 ON k1."user_key" = e."user_key"
WHERE (e."user_key" IS NOT NULL AND (k0."user_key" IS NOT NULL OR k1."user_key" IS NOT NULL))
-- $1 = string /n
-- $2 = float64 20
-- $3 = string view
-- $4 = float64 300
-- $5 = string purchase
-- $6 = string /absent
