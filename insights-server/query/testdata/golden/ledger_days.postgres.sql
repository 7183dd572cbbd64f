SELECT "kind", "day", "status", COUNT(*), CAST(SUM("lines") AS BIGINT), CAST(SUM("inserted") AS BIGINT), CAST(SUM("duplicates") AS BIGINT)
FROM (
  SELECT "kind", CASE "kind" WHEN 'events' THEN SUBSTRING("key", 8, 10) WHEN 'users' THEN SUBSTRING("key", 7, 10) ELSE SUBSTRING("key", 9, 10) END AS "day",
    "status", "lines", "inserted", "duplicates"
  FROM "loaf_files"
  WHERE ("kind" = 'events' AND LEFT("key", 17) IN ($1, $2, $3))
    OR ("kind" = 'users' AND LEFT("key", 16) IN ($4, $5, $6))
    OR ("kind" = 'updates' AND LEFT("key", 18) IN ($7, $8, $9))
) f
GROUP BY "kind", "day", "status"
-- $1 = string events/2024/02/28
-- $2 = string events/2024/02/29
-- $3 = string events/2024/03/01
-- $4 = string users/2024/02/28
-- $5 = string users/2024/02/29
-- $6 = string users/2024/03/01
-- $7 = string updates/2024/02/28
-- $8 = string updates/2024/02/29
-- $9 = string updates/2024/03/01
