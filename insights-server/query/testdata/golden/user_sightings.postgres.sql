SELECT e."user_id", COUNT(*), MIN(e."timestamp"), MAX(e."timestamp")
FROM "events" AS e
WHERE e."user_id" IN (CAST($1 AS text), CAST($2 AS text))
GROUP BY 1
-- $1 = string o'hara"
-- $2 = string b
