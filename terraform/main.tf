# The whole stack: collection, warehouse, insights page, and what watches them.

data "aws_region" "current" {}

locals {
  artifacts_dir = coalesce(var.artifacts_dir, "${path.module}/../dist/artifacts")
}

module "network" {
  source = "./modules/network"

  name  = var.name
  tags  = var.tags
  vpc   = var.vpc
  zones = var.warehouse.type == "serverless" ? 3 : 2
}

module "collection" {
  source = "./modules/collection"

  name                       = var.name
  tags                       = var.tags
  artifacts_dir              = local.artifacts_dir
  api_keys                   = var.api_keys
  load_interval_minutes      = var.load_interval_minutes
  idle_load_interval_minutes = var.idle_load_interval_minutes
  reserve_load_concurrency   = var.reserve_load_concurrency
  manage_api_logging_role    = var.manage_api_logging_role
  raw_retention_days         = var.raw_retention_days
  event_retention_days       = var.event_retention_days
  force_destroy              = var.force_destroy

  network = {
    vpc_id     = module.network.vpc_id
    subnet_ids = module.network.private_subnet_ids
  }

  warehouse = {
    host              = module.warehouse.host
    port              = module.warehouse.port
    database          = module.warehouse.database
    secret_arns       = module.warehouse.secret_arns
    admin_secret_arn  = module.warehouse.admin_secret_arn
    copy_role_arn     = module.warehouse.copy_role_arn
    security_group_id = module.warehouse.security_group_id
    identity          = module.warehouse.identity
  }
}

module "warehouse" {
  source = "./modules/warehouse"

  name                = var.name
  tags                = var.tags
  type                = var.warehouse.type
  base_capacity       = var.warehouse.base_capacity
  rpu_hours_per_day   = var.warehouse.rpu_hours_per_day
  node_type           = var.warehouse.node_type
  nodes               = var.warehouse.nodes
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.private_subnet_ids
  buckets             = module.collection.bucket_arns
  password_generation = var.password_generation

  clients = {
    functions = module.collection.security_group_id
    insights  = module.insights.security_group_id
  }
}

module "insights" {
  source = "./modules/insights"

  name                  = var.name
  tags                  = var.tags
  artifacts_dir         = local.artifacts_dir
  vpc_id                = module.network.vpc_id
  vpc_cidrs             = module.network.vpc_cidrs
  public_subnet_ids     = module.network.public_subnet_ids
  allowed_cidrs         = var.allowed_cidrs
  allow_public_insights = var.allow_public_insights
  domain                = var.domain
  zone_id               = var.zone_id
  password_generation   = var.password_generation

  warehouse = {
    host              = module.warehouse.host
    port              = module.warehouse.port
    database          = module.warehouse.database
    secret_arns       = module.warehouse.secret_arns
    security_group_id = module.warehouse.security_group_id
  }

  queues = {
    urls = module.collection.queue_urls
    arns = module.collection.queue_arns
  }

  collection_url   = module.collection.endpoint
  load_state       = module.collection.load_state
  ask_state        = module.collection.ask_state
  alert_topic_arns = [module.observability.topic_arn]
}

module "observability" {
  source = "./modules/observability"

  name                  = var.name
  tags                  = var.tags
  alarm_email           = var.alarm_email
  silent_after_hours    = var.silent_after_hours
  late_after_minutes    = max(15, coalesce(var.idle_load_interval_minutes, 0) + 3 * var.load_interval_minutes + 5)
  load_interval_minutes = var.load_interval_minutes
  functions             = module.collection.functions
  queues                = module.collection.queues
  streams               = module.collection.streams
  api                   = module.collection.api
  log_groups            = module.collection.log_groups
  serverless_workgroup  = var.warehouse.type == "serverless" ? module.warehouse.name : null

  insights = {
    autoscaling_group = module.insights.autoscaling_group
    load_balancer     = module.insights.load_balancer
  }
}
