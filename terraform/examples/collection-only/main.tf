# Only the collection API: events and users end as gzip NDJSON objects in two buckets, for
# a warehouse of one's own. DataLoaf's can be added later and loads them all.

provider "aws" {
  region = var.region
}

module "collection" {
  source = "../../modules/collection"

  name          = var.name
  artifacts_dir = coalesce(var.artifacts_dir, "${path.module}/../../../dist/artifacts")
}

module "observability" {
  source = "../../modules/observability"

  name        = var.name
  alarm_email = var.alarm_email
  functions   = module.collection.functions
  queues      = module.collection.queues
  streams     = module.collection.streams
  api         = module.collection.api
  log_groups  = module.collection.log_groups
}
