SELECT "name", "type", COUNT(*) FROM (
  SELECT "name", CASE json_type("attributes", '/' || replace(replace("name", '~', '~0'), '/', '~1'))
    WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array'
    WHEN 'NULL' THEN NULL ELSE 'number' END AS "type"
  FROM (SELECT "attributes", unnest(json_keys("attributes")) AS "name" FROM "users") AS k) AS t
WHERE "type" IS NOT NULL
GROUP BY 1, 2
