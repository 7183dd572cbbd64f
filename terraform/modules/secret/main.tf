# Ephemeral, and handed on by a write-only argument: what is random here reaches
# neither the state nor the plan.
ephemeral "aws_secretsmanager_random_password" "this" {
  for_each = var.generated

  password_length     = 40
  exclude_punctuation = true
}

# The account's own key for Secrets Manager encrypts it: who may read the secret is
# said by the policies of this stack's roles, which a key of its own would only repeat.
resource "aws_secretsmanager_secret" "this" {
  name        = var.name
  description = var.description
  # A second apply after a destroy needs the name again at once.
  recovery_window_in_days = 0
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo         = jsonencode(merge(var.content, { for k, p in ephemeral.aws_secretsmanager_random_password.this : k => p.random_password }))
  secret_string_wo_version = var.generation
}
