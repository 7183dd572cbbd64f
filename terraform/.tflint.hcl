# tflint's own rules for the language, all of them. Its rules for AWS are a plugin that
# is downloaded; tfsec and `terraform plan` do their work here.

config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}
