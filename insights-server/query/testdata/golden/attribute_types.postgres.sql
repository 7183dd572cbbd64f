SELECT t.key, jsonb_typeof(t.value), COUNT(*)
FROM "users" AS a CROSS JOIN LATERAL jsonb_each(a."attributes") AS t
WHERE jsonb_typeof(t.value) <> 'null'
GROUP BY 1, 2
