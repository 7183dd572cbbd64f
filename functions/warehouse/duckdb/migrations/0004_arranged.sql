-- Up to which load the events lie in order on disk; none do when there is no row.
CREATE TABLE "loaf_arranged" (
  "load_id" BIGINT NOT NULL
);
