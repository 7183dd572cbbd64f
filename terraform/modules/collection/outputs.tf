output "endpoint" {
  description = "The address that SDKs send to; the API's paths come after it."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "api_keys" {
  description = "The API keys, by name."
  value       = { for k, v in aws_api_gateway_api_key.this : k => v.value }
  sensitive   = true
}

output "api" {
  description = "The REST API: its `id`, `name` and `stage`."
  value       = { id = aws_api_gateway_rest_api.this.id, name = aws_api_gateway_rest_api.this.name, stage = aws_api_gateway_stage.this.stage_name }
}

output "buckets" {
  description = "The raw buckets' names: `events`, and `users` with user updates."
  value       = { for k, b in aws_s3_bucket.raw : k => b.bucket }
}

output "bucket_arns" {
  description = "The raw buckets' ARNs."
  value       = { for k, b in aws_s3_bucket.raw : k => b.arn }
}

output "load_state" {
  description = "The object that the load writes when it brought something: its `bucket`, with its ARN, and `key`."
  value       = { bucket = aws_s3_bucket.raw["events"].bucket, bucket_arn = aws_s3_bucket.raw["events"].arn, key = "state/loaded.json" }
}

output "ask_state" {
  description = "The object by which the insights server tells the load that somebody asks: its `key`, with its ARN and `bucket`; null where loads do not wait for that."
  value       = var.idle_load_interval_minutes == null ? null : { bucket = aws_s3_bucket.raw["events"].bucket, arn = "${aws_s3_bucket.raw["events"].arn}/state/asked.json", key = "state/asked.json" }
}

output "streams" {
  description = "The Firehose streams' names."
  value       = { for k, s in aws_kinesis_firehose_delivery_stream.this : k => s.name }
}

output "functions" {
  description = "The Lambda functions' names."
  value       = { for k, f in aws_lambda_function.this : k => f.function_name }
}

output "function_arns" {
  description = "The Lambda functions' ARNs."
  value       = { for k, f in aws_lambda_function.this : k => f.arn }
}

output "log_groups" {
  description = "The log groups of functions, API and Firehose."
  value = merge(
    { for k, g in aws_cloudwatch_log_group.function : k => g.name },
    { api = aws_cloudwatch_log_group.api.name, firehose = aws_cloudwatch_log_group.firehose.name },
  )
}

output "queues" {
  description = "The queues' names: `load` and `retry`, each with its `dead_letter` queue; empty without a warehouse."
  value       = { for k, q in aws_sqs_queue.this : k => { name = q.name, dead_letter = aws_sqs_queue.dead_letter[k].name } }
}

output "queue_urls" {
  description = "The queues' addresses."
  value       = { for k, q in aws_sqs_queue.this : k => q.url }
}

output "queue_arns" {
  description = "The queues' ARNs."
  value       = { for k, q in aws_sqs_queue.this : k => q.arn }
}

output "security_group_id" {
  description = "The security group of the functions that write to the warehouse; null without a warehouse."
  value       = one(aws_security_group.functions[*].id)
}
