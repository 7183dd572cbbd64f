# The module secret. Ephemeral resources are not mocked: this plans with the real provider.

variables {
  name        = "loaf-test/secret"
  description = "A secret of a test."
  generated   = ["password", "key"]
  content     = { username = "loaf_load" }
  tags        = { "dataloaf:stack" = "loaf-test" }
}

run "secret" {
  command = plan

  module {
    source = "./modules/secret"
  }

  assert {
    condition     = aws_secretsmanager_secret.this.recovery_window_in_days == 0
    error_message = "A secret is gone at once: an apply after a destroy needs its name."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.this.secret_string == null && aws_secretsmanager_secret_version.this.secret_string_wo == null
    error_message = "What is secret is handed on by a write-only argument, and is in neither plan nor state."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.this.secret_string_wo_version == 1
    error_message = "The first generation is 1."
  }

  assert {
    condition     = aws_secretsmanager_secret.this.tags["dataloaf:stack"] == "loaf-test" && output.name == "loaf-test/secret"
    error_message = "The secret has the name and the tags given."
  }
}

run "next_generation" {
  command = plan

  module {
    source = "./modules/secret"
  }

  variables {
    generation = 2
  }

  assert {
    condition     = aws_secretsmanager_secret_version.this.secret_string_wo_version == 2
    error_message = "A raised generation writes the secret anew."
  }
}

# --- what is refused --------------------------------------------------------------

run "generation_too_low" {
  command = plan

  module {
    source = "./modules/secret"
  }

  variables {
    generation = 0
  }

  expect_failures = [var.generation]
}

run "generation_no_whole_number" {
  command = plan

  module {
    source = "./modules/secret"
  }

  variables {
    generation = 1.5
  }

  expect_failures = [var.generation]
}
