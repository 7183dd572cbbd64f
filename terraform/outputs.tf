output "endpoint" {
  description = "The collection API's address, which SDKs send to."
  value       = module.collection.endpoint
}

output "api_keys" {
  description = "The API keys, by name: `terraform output -json api_keys` shows them."
  value       = module.collection.api_keys
  sensitive   = true
}

output "insights_url" {
  description = "The insights page's address."
  value       = module.insights.url
}

output "insights_secret_arn" {
  description = "The secret with the page's password: `aws secretsmanager get-secret-value --secret-id ARN` shows it as `admin_password`."
  value       = module.insights.secret_arn
}

output "buckets" {
  description = "The buckets of raw objects: `events`, and `users` with user updates."
  value       = module.collection.buckets
}

output "streams" {
  description = "The Firehose streams: `events` and `users`."
  value       = module.collection.streams
}

output "functions" {
  description = "The Lambda functions: `collect`, `update` and `load`."
  value       = module.collection.functions
}

output "queues" {
  description = "The queues `load` and `retry`, each with its `dead_letter` queue."
  value       = module.collection.queues
}

output "queue_urls" {
  description = "The queues' addresses."
  value       = module.collection.queue_urls
}

output "log_groups" {
  description = "The log groups of functions, API and Firehose."
  value       = module.collection.log_groups
}

output "warehouse" {
  description = "The warehouse: its `name`, `host`, `port`, `database`, and the secrets of its users."
  value = {
    name        = module.warehouse.name
    host        = module.warehouse.host
    port        = module.warehouse.port
    database    = module.warehouse.database
    secret_arns = module.warehouse.secret_arns
  }

  precondition {
    condition     = var.warehouse.type != "serverless" || module.network.private_zones >= 3
    error_message = "The subnets of vpc.private_subnet_ids lie in ${module.network.private_zones} availability zones, and Redshift Serverless needs three: add a subnet in another zone, or set warehouse = { type = \"provisioned\" }."
  }
}

output "idle_load_interval_minutes" {
  description = "Minutes for which new data may wait for its load while nobody asks; null where it does not."
  value       = var.idle_load_interval_minutes
}

output "vpc_id" {
  description = "The VPC that the stack stands in."
  value       = module.network.vpc_id
}

output "alarm_topic_arn" {
  description = "The SNS topic of the alarms: subscribe to it what should hear of them."
  value       = module.observability.topic_arn
}

output "dashboard" {
  description = "The CloudWatch dashboard's name."
  value       = module.observability.dashboard
}

output "region" {
  description = "The stack's region."
  value       = data.aws_region.current.id
}
