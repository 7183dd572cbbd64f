-- The typed columns a<property_id>_<type> that the users table has. They are filled
-- for the users that are there when this table is empty: which columns that takes
-- depends on the data.
CREATE TABLE "loaf_attribute_columns" (
  "property_id" INTEGER PRIMARY KEY,
  "property" VARCHAR NOT NULL,
  "text" BOOLEAN NOT NULL,
  "number" BOOLEAN NOT NULL,
  "boolean" BOOLEAN NOT NULL,
  "complex" BOOLEAN NOT NULL
);
