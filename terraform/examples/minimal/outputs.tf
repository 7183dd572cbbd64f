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

output "insights_secret_arn" {
  description = "The secret with the page's `admin_password`."
  value       = module.dataloaf.insights_secret_arn
}
