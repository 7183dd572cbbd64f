locals {
  zips = { for f in keys(local.names) : f => "${var.artifacts_dir}/${f}.zip" }
  # Known without the rest of the functions, whose settings hold one of the hashes.
  names  = merge({ collect = true, update = true }, local.loads ? { load = true } : {})
  hashes = { for f, path in local.zips : f => try(filebase64sha256(path), "missing") }

  manifest = try(jsondecode(file("${var.artifacts_dir}/manifest.json")), null)
  remedy   = "Get them with `loafctl artifacts --dir ${var.artifacts_dir}`, from a release's download, or with scripts/build-artifacts in a checkout, or set artifacts_dir to where they are."
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.names

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name                  = "${var.name}-${each.key}"
  description                    = each.value.description
  role                           = aws_iam_role.function[each.key].arn
  filename                       = local.zips[each.key]
  source_code_hash               = local.hashes[each.key]
  package_type                   = "Zip"
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = ["arm64"]
  memory_size                    = each.value.memory
  timeout                        = each.value.timeout
  reserved_concurrent_executions = each.key == "load" && var.reserve_load_concurrency ? 1 : -1
  tags                           = local.tags

  environment {
    variables = each.value.environment
  }

  dynamic "vpc_config" {
    for_each = each.value.vpc ? [var.network] : []

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = [aws_security_group.functions[0].id]
    }
  }

  # Without the rights the first run fails; without the group Lambda makes its own,
  # which never ends and outlives the stack.
  depends_on = [aws_iam_role_policy.function, aws_cloudwatch_log_group.function]

  lifecycle {
    precondition {
      condition     = local.hashes[each.key] != "missing" && local.manifest != null
      error_message = "There is no ${fileexists(local.zips[each.key]) ? "manifest.json" : "${each.key}.zip"} in ${var.artifacts_dir}. ${local.remedy}"
    }

    precondition {
      condition     = local.manifest == null || try(local.manifest.architecture, "") == "arm64"
      error_message = "The artifacts in ${var.artifacts_dir} are for ${try(local.manifest.architecture, "no architecture that is known")}; the functions run on arm64. ${local.remedy}"
    }

    precondition {
      condition     = local.manifest == null || local.hashes[each.key] == "missing" || try(local.manifest.artifacts["${each.key}.zip"].sha256_base64, "") == local.hashes[each.key]
      error_message = "${each.key}.zip in ${var.artifacts_dir} is not the one that manifest.json beside it names: part of a download is missing, or two versions are mixed. ${local.remedy}"
    }
  }
}

resource "aws_security_group" "functions" {
  count = local.loads ? 1 : 0

  name        = "${var.name}-functions"
  description = "The load and update functions: nobody connects to them"
  vpc_id      = var.network.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-functions" })
}

resource "aws_vpc_security_group_egress_rule" "warehouse" {
  count = local.loads ? 1 : 0

  security_group_id            = aws_security_group.functions[0].id
  referenced_security_group_id = var.warehouse.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.warehouse.port
  to_port                      = var.warehouse.port
  tags                         = merge(local.tags, { Name = "Redshift" })
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  count = local.loads ? 1 : 0

  security_group_id = aws_security_group.functions[0].id
  prefix_list_id    = data.aws_ec2_managed_prefix_list.s3[0].id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = merge(local.tags, { Name = "HTTPS to S3" })
}

# SQS and Secrets Manager: by the interface endpoints of the VPC, or by a NAT gateway
# where the VPC has one instead, whose peers have no addresses that a rule could name.
# Nothing that is not encrypted can leave.
#tfsec:ignore:aws-ec2-no-public-egress-sgr
resource "aws_vpc_security_group_egress_rule" "https" {
  count = local.loads ? 1 : 0

  security_group_id = aws_security_group.functions[0].id
  description       = "HTTPS to the endpoints of SQS and Secrets Manager"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = local.tags
}

# --- when they run ------------------------------------------------------------------

locals {
  schedules = { for name, schedule in {
    load = {
      description = "Loads what is new"
      # "rate(1 minute)" is singular.
      rate  = "rate(${var.load_interval_minutes} ${var.load_interval_minutes == 1 ? "minute" : "minutes"})"
      input = null
      wish  = true
    }
    sweep = {
      description = "Loads what no notification told of"
      rate        = "rate(1 day)"
      input       = jsonencode({ action = "sweep", since = "72h" })
      wish        = true
    }
    # Where loads are far apart, the tables of a new stack, without which the page has
    # nothing to ask, are not to wait for the first of them. Once they are there it does
    # nothing, and wakes nobody.
    prepare = {
      description = "Makes the tables of a new deployment"
      rate        = "rate(5 minutes)"
      input       = jsonencode({ action = "prepare" })
      wish        = var.load_interval_minutes > 5
    }
  } : name => schedule if local.loads && schedule.wish }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.schedules

  name                = "${var.name}-${each.key}"
  description         = "${each.value.description} (DataLoaf stack ${var.name})"
  schedule_expression = each.value.rate
  tags                = local.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.schedules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "load"
  arn       = aws_lambda_function.this["load"].arn
  input     = each.value.input
}

resource "aws_lambda_permission" "schedule" {
  for_each = local.schedules

  statement_id  = "schedule-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["load"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[each.key].arn
}

# A load that failed is not run again by Lambda: the next one of the schedule does the
# same and more.
resource "aws_lambda_function_event_invoke_config" "load" {
  count = local.loads ? 1 : 0

  function_name                = aws_lambda_function.this["load"].function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 900
}

resource "aws_lambda_event_source_mapping" "retry" {
  count = local.loads ? 1 : 0

  event_source_arn        = aws_sqs_queue.this["retry"].arn
  function_name           = aws_lambda_function.this["update"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = local.tags

  # Writers wait for each other; more of them would only wait longer.
  scaling_config {
    maximum_concurrency = 2
  }
}
