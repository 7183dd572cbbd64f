output "arn" {
  description = "The secret's ARN. Known once the secret has its content."
  value       = aws_secretsmanager_secret.this.arn

  # Whoever reads the secret must find something in it.
  depends_on = [aws_secretsmanager_secret_version.this]
}

output "name" {
  description = "The secret's name."
  value       = aws_secretsmanager_secret.this.name
}
