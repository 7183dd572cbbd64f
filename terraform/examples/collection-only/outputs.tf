output "endpoint" {
  description = "The collection API's address."
  value       = module.collection.endpoint
}

output "api_keys" {
  description = "The API keys, by name."
  value       = module.collection.api_keys
  sensitive   = true
}

output "buckets" {
  description = "The buckets of raw objects: `events`, and `users` with user updates."
  value       = module.collection.buckets
}
