output "endpoint" {
  description = "The collection API's address."
  value       = module.dataloaf.endpoint
}

output "api_keys" {
  description = "The API keys, by name."
  value       = module.dataloaf.api_keys
  sensitive   = true
}

output "insights_url" {
  description = "The insights page's address."
  value       = module.dataloaf.insights_url
}

output "alarm_topic_arn" {
  description = "The SNS topic of the alarms."
  value       = module.dataloaf.alarm_topic_arn
}
