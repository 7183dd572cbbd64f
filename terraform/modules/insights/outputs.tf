output "url" {
  description = "The page's address."
  value       = local.url
}

output "secret_arn" {
  description = "The secret with the page's `admin_password`."
  value       = module.secret.arn
}

output "security_group_id" {
  description = "The instance's security group, which the warehouse lets in."
  value       = aws_security_group.instance.id
}

output "autoscaling_group" {
  description = "The auto-scaling group's name."
  value       = aws_autoscaling_group.this.name
}

output "load_balancer" {
  description = "The load balancer and its target group as CloudWatch names them; null without a domain."
  value       = local.has_domain ? { load_balancer = aws_lb.this[0].arn_suffix, target_group = aws_lb_target_group.this[0].arn_suffix } : null
}

output "artifacts_bucket" {
  description = "The bucket from which the instance installs the page."
  value       = aws_s3_bucket.artifacts.bucket
}
