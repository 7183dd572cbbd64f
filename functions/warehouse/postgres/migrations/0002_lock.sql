-- What writers lock; nobody reads it. A user that may lock it need not be able
-- to change the tables that it guards.
CREATE TABLE "loaf_lock" (
  "nothing" integer
);
