locals {
  host             = local.serverless ? aws_redshiftserverless_workgroup.this[0].endpoint[0].address : aws_redshift_cluster.this[0].dns_name
  admin_secret_arn = local.serverless ? aws_redshiftserverless_namespace.this[0].admin_password_secret_arn : aws_redshift_cluster.this[0].master_password_secret_arn
}

output "host" {
  description = "The warehouse's host name, known in its VPC."
  value       = local.host
}

output "port" {
  description = "The warehouse's TCP port."
  value       = local.port
}

output "database" {
  description = "The database's name."
  value       = local.database
}

output "secret_arns" {
  description = "The secrets of the database users `load`, `update` and `insights`: JSON with `username` and `password`."
  value       = { for k, s in module.secret : k => s.arn }
}

output "admin_secret_arn" {
  description = "The admin's secret, which Redshift made and rotates."
  value       = local.admin_secret_arn
}

output "copy_role_arn" {
  description = "The role that COPY assumes to read the raw buckets."
  value       = aws_iam_role.copy.arn
}

output "security_group_id" {
  description = "The warehouse's security group."
  value       = aws_security_group.this.id
}

output "identity" {
  description = "A text that is another one for another warehouse and for other passwords of its users."
  value       = "${local.serverless ? aws_redshiftserverless_namespace.this[0].namespace_id : coalesce(aws_redshift_cluster.this[0].cluster_namespace_arn, aws_redshift_cluster.this[0].arn)}#${var.password_generation}"
}

output "name" {
  description = "The workgroup's or cluster's name."
  value       = local.serverless ? aws_redshiftserverless_workgroup.this[0].workgroup_name : aws_redshift_cluster.this[0].cluster_identifier
}

output "arn" {
  description = "The workgroup's or cluster's ARN."
  value       = local.serverless ? aws_redshiftserverless_workgroup.this[0].arn : aws_redshift_cluster.this[0].arn
}
