SELECT p."event", p."type", p."count", c."count"
FROM "loaf_property_catalog" AS p
JOIN "loaf_event_catalog" AS c ON c."event" = p."event"
WHERE p."property" = CAST($1 AS VARCHAR(65535))
-- $1 = string camelKey
