SELECT e."user_id", COUNT(*), MIN(e."timestamp"), MAX(e."timestamp")
FROM "events" AS e
WHERE e."user_id" IN ($1, $2)
GROUP BY 1
-- $1 = string o'hara"
-- $2 = string b
