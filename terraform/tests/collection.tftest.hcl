# The module collection: what it makes with a warehouse, and without.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name          = "loaf-test"
  tags          = { team = "product" }
  artifacts_dir = "./tests/fixtures/artifacts"

  network = {
    vpc_id     = "vpc-0123456789abcdef0"
    subnet_ids = ["subnet-0a", "subnet-0b", "subnet-0c"]
  }

  warehouse = {
    host              = "loaf-test.123456789012.eu-central-1.redshift-serverless.amazonaws.com"
    port              = 5439
    database          = "dataloaf"
    secret_arns       = { load = "arn:secret:load", update = "arn:secret:update", insights = "arn:secret:insights" }
    admin_secret_arn  = "arn:secret:admin"
    copy_role_arn     = "arn:aws:iam::123456789012:role/loaf-test-copy"
    security_group_id = "sg-0warehouse"
    identity          = "namespace#1"
  }
}

# What AWS makes of the names, so that policies can be read.
override_resource {
  target = aws_s3_bucket.raw["events"]
  values = { id = "loaf-test-123456789012-eu-central-1-events", arn = "arn:aws:s3:::loaf-test-123456789012-eu-central-1-events" }
}

override_resource {
  target = aws_s3_bucket.raw["users"]
  values = { id = "loaf-test-123456789012-eu-central-1-users", arn = "arn:aws:s3:::loaf-test-123456789012-eu-central-1-users" }
}

override_resource {
  target = aws_kinesis_firehose_delivery_stream.this["events"]
  values = { arn = "arn:firehose:events" }
}

override_resource {
  target = aws_cloudwatch_log_stream.firehose["events"]
  values = { arn = "arn:log-stream:events" }
}

override_resource {
  target = aws_kinesis_firehose_delivery_stream.this["users"]
  values = { arn = "arn:firehose:users" }
}

override_resource {
  target = aws_cloudwatch_log_stream.firehose["users"]
  values = { arn = "arn:log-stream:users" }
}

override_resource {
  target = aws_sqs_queue.this["load"]
  values = { id = "https://sqs/load", url = "https://sqs/load", arn = "arn:aws:sqs:eu-central-1:123456789012:loaf-test-load" }
}

override_resource {
  target = aws_sqs_queue.dead_letter["load"]
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:loaf-test-load-dlq" }
}

override_resource {
  target = aws_sqs_queue.this["retry"]
  values = { id = "https://sqs/retry", url = "https://sqs/retry", arn = "arn:aws:sqs:eu-central-1:123456789012:loaf-test-retry" }
}

override_resource {
  target = aws_sqs_queue.dead_letter["retry"]
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:loaf-test-retry-dlq" }
}

override_resource {
  target = aws_lambda_function.this["collect"]
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:loaf-test-collect", invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/collect/invocations" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["collect"]
  values = { arn = "arn:log-group:collect" }
}

override_resource {
  target = aws_iam_role.function["collect"]
  values = { arn = "arn:aws:iam::123456789012:role/loaf-test-collect" }
}

override_resource {
  target = aws_lambda_function.this["update"]
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:loaf-test-update", invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/update/invocations" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["update"]
  values = { arn = "arn:log-group:update" }
}

override_resource {
  target = aws_iam_role.function["update"]
  values = { arn = "arn:aws:iam::123456789012:role/loaf-test-update" }
}

override_resource {
  target = aws_lambda_function.this["load"]
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:loaf-test-load", invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/load/invocations" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["load"]
  values = { arn = "arn:log-group:load" }
}

override_resource {
  target = aws_iam_role.function["load"]
  values = { arn = "arn:aws:iam::123456789012:role/loaf-test-load" }
}

override_resource {
  target = aws_cloudwatch_log_group.api
  values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/dataloaf/loaf-test/api" }
}

override_resource {
  target = aws_cloudwatch_event_rule.this["load"]
  values = { arn = "arn:aws:events:eu-central-1:123456789012:rule/loaf-test-load" }
}

override_resource {
  target = aws_cloudwatch_event_rule.this["sweep"]
  values = { arn = "arn:aws:events:eu-central-1:123456789012:rule/loaf-test-sweep" }
}

override_resource {
  target = aws_api_gateway_rest_api.this
  values = { id = "api", execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:api", root_resource_id = "root", minimum_compression_size = "not set" }
}

override_resource {
  target = aws_api_gateway_stage.this
  values = { invoke_url = "https://api.execute-api.eu-central-1.amazonaws.com/live" }
}

override_resource {
  target = aws_security_group.functions
  values = { id = "sg-0functions" }
}

run "with_a_warehouse" {
  command = apply

  module {
    source = "./modules/collection"
  }

  assert {
    condition     = { for k, b in aws_s3_bucket.raw : k => b.bucket } == { events = "loaf-test-123456789012-eu-central-1-events", users = "loaf-test-123456789012-eu-central-1-users" }
    error_message = "Buckets are named by stack, account and region."
  }

  assert {
    condition     = alltrue([for k in ["events", "users"] : alltrue([aws_s3_bucket_public_access_block.raw[k].block_public_acls, aws_s3_bucket_public_access_block.raw[k].block_public_policy, aws_s3_bucket_public_access_block.raw[k].ignore_public_acls, aws_s3_bucket_public_access_block.raw[k].restrict_public_buckets])])
    error_message = "No raw bucket can be made public."
  }

  assert {
    condition     = alltrue([for k in ["events", "users"] : aws_s3_bucket_public_access_block.raw[k].bucket == aws_s3_bucket.raw[k].id && aws_s3_bucket_versioning.raw[k].bucket == aws_s3_bucket.raw[k].id && aws_s3_bucket_server_side_encryption_configuration.raw[k].bucket == aws_s3_bucket.raw[k].id && aws_s3_bucket_policy.raw[k].bucket == aws_s3_bucket.raw[k].id && aws_s3_bucket_lifecycle_configuration.raw[k].bucket == aws_s3_bucket.raw[k].id])
    error_message = "Each bucket has its own settings."
  }

  assert {
    condition     = alltrue([for v in aws_s3_bucket_versioning.raw : v.versioning_configuration[0].status == "Enabled"]) && alltrue([for o in aws_s3_bucket_ownership_controls.raw : o.rule[0].object_ownership == "BucketOwnerEnforced"])
    error_message = "Raw buckets keep versions, and have no access control lists."
  }

  assert {
    condition     = alltrue([for e in aws_s3_bucket_server_side_encryption_configuration.raw : [for r in e.rule : r.apply_server_side_encryption_by_default[0].sse_algorithm] == ["AES256"]])
    error_message = "Raw buckets are encrypted."
  }

  assert {
    condition = alltrue([for k, p in aws_s3_bucket_policy.raw : jsondecode(p.policy).Statement == [{
      Sid       = "OnlyTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "S3:*"
      Resource  = ["arn:aws:s3:::loaf-test-123456789012-eu-central-1-${k}", "arn:aws:s3:::loaf-test-123456789012-eu-central-1-${k}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]])
    error_message = "A bucket's policy says one thing: nothing without TLS."
  }

  assert {
    condition = { for k, l in aws_s3_bucket_lifecycle_configuration.raw : k => {
      for r in l.rule : r.id => [one(r.filter[*].prefix), one(r.expiration[*].days)]
      if length(r.expiration) > 0
      } } == {
      events = { expire-manifests = ["manifests/", 30], expire-errors = ["errors/", 30] }
      users  = { expire-errors = ["errors/", 30] }
    }
    error_message = "By default only manifests and errors expire, and raw objects never."
  }

  assert {
    condition     = alltrue([for l in aws_s3_bucket_lifecycle_configuration.raw : [for r in l.rule : [r.status, r.noncurrent_version_expiration[0].noncurrent_days, r.abort_incomplete_multipart_upload[0].days_after_initiation] if r.id == "remains"] == [["Enabled", 30, 7]]])
    error_message = "Old versions go after 30 days, and parts of uploads after 7."
  }

  assert {
    condition = { for k, n in aws_s3_bucket_notification.raw : k => [for q in n.queue : [q.queue_arn, one(q.events), q.filter_prefix, q.filter_suffix == null]] } == {
      events = [["arn:aws:sqs:eu-central-1:123456789012:loaf-test-load", "s3:ObjectCreated:*", "events/", true]]
      users  = [["arn:aws:sqs:eu-central-1:123456789012:loaf-test-load", "s3:ObjectCreated:*", "users/", true]]
    }
    error_message = "The load hears of what is new below events/ and users/, and of nothing else: not of updates/, manifests/ and errors/."
  }

  assert {
    condition     = alltrue([for b in aws_s3_bucket.raw : !b.force_destroy])
    error_message = "A destroy stops at buckets that hold raw objects."
  }

  assert {
    condition = { for k, s in aws_kinesis_firehose_delivery_stream.this : k => s.extended_s3_configuration[0].prefix } == {
      events = "events/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/!{timestamp:HH}/"
      users  = "users/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/!{timestamp:HH}/"
    }
    error_message = "Objects lie where the contract says. The year is yyyy: YYYY is the week's, and wrong around New Year."
  }

  assert {
    condition     = alltrue([for k, s in aws_kinesis_firehose_delivery_stream.this : startswith(s.extended_s3_configuration[0].error_output_prefix, "errors/${k}/!{firehose:error-output-type}/!{timestamp:yyyy}/")])
    error_message = "What Firehose cannot deliver lies outside the raw prefixes."
  }

  assert {
    condition     = alltrue([for k, s in aws_kinesis_firehose_delivery_stream.this : [s.destination, s.extended_s3_configuration[0].compression_format, s.extended_s3_configuration[0].file_extension, s.extended_s3_configuration[0].buffering_interval, s.extended_s3_configuration[0].bucket_arn] == ["extended_s3", "GZIP", ".ndjson.gz", 60, aws_s3_bucket.raw[k].arn]])
    error_message = "Firehose writes gzip objects of a minute, each stream into its own bucket."
  }

  assert {
    condition     = alltrue([for s in aws_kinesis_firehose_delivery_stream.this : s.server_side_encryption[0].enabled])
    error_message = "Records in a stream are encrypted."
  }

  assert {
    condition     = alltrue([for k, s in aws_kinesis_firehose_delivery_stream.this : s.extended_s3_configuration[0].cloudwatch_logging_options[0].enabled])
    error_message = "Firehose says what it cannot deliver."
  }

  assert {
    condition     = toset(keys(aws_lambda_function.this)) == toset(["collect", "update", "load"])
    error_message = "There are three functions."
  }

  assert {
    condition     = alltrue([for f in aws_lambda_function.this : [f.runtime, f.architectures[0], length(f.architectures), f.handler, f.package_type] == ["provided.al2023", "arm64", 1, "bootstrap", "Zip"]])
    error_message = "Functions are static arm64 programs on provided.al2023."
  }

  assert {
    condition     = { for k, f in aws_lambda_function.this : k => f.timeout } == { collect = 30, update = 30, load = 900 }
    error_message = "A function of the API may take what the gateway waits for, 29 s; a load has 15 minutes."
  }

  assert {
    condition     = { for k, f in aws_lambda_function.this : k => f.reserved_concurrent_executions } == { collect = -1, update = -1, load = 1 }
    error_message = "One execution is reserved for the load, and none for others."
  }

  assert {
    condition     = length(aws_lambda_function.this["collect"].vpc_config) == 0
    error_message = "collect stays outside the VPC."
  }

  assert {
    condition     = alltrue([for f in ["update", "load"] : toset(aws_lambda_function.this[f].vpc_config[0].subnet_ids) == toset(["subnet-0a", "subnet-0b", "subnet-0c"]) && toset(aws_lambda_function.this[f].vpc_config[0].security_group_ids) == toset(["sg-0functions"])])
    error_message = "update and load run in the private subnets, in a security group of their own."
  }

  assert {
    condition     = alltrue([for k, f in aws_lambda_function.this : f.source_code_hash == filebase64sha256("./tests/fixtures/artifacts/${k}.zip")])
    error_message = "A function is changed when its zip is."
  }

  assert {
    condition = { for k, f in aws_lambda_function.this : k => sort(keys(f.environment[0].variables)) } == {
      collect = tolist(["LOAF_EVENTS_STREAM", "LOAF_USERS_STREAM"])
      update  = tolist(["LOAF_RETRY_QUEUE_URL", "LOAF_USERS_BUCKET", "LOAF_WAREHOUSE_DATABASE", "LOAF_WAREHOUSE_HOST", "LOAF_WAREHOUSE_PORT", "LOAF_WAREHOUSE_SECRET"])
      load = tolist([
        "LOAF_COPY_ROLE_ARN", "LOAF_DEPLOYMENT", "LOAF_EVENTS_BUCKET", "LOAF_INSIGHTS_SECRET", "LOAF_LOAD_QUEUE_URL", "LOAF_UPDATE_SECRET", "LOAF_USERS_BUCKET",
        "LOAF_WAREHOUSE_ADMIN_SECRET", "LOAF_WAREHOUSE_DATABASE", "LOAF_WAREHOUSE_HOST", "LOAF_WAREHOUSE_PORT", "LOAF_WAREHOUSE_SECRET"
      ])
    }
    error_message = "Functions have the variables that functions/cmd reads."
  }

  assert {
    condition = aws_lambda_function.this["collect"].environment[0].variables == tomap({
      LOAF_EVENTS_STREAM = "loaf-test-events"
      LOAF_USERS_STREAM  = "loaf-test-users"
    })
    error_message = "collect knows its two streams."
  }

  assert {
    condition     = [for name in ["LOAF_WAREHOUSE_SECRET", "LOAF_UPDATE_SECRET", "LOAF_INSIGHTS_SECRET", "LOAF_WAREHOUSE_ADMIN_SECRET"] : aws_lambda_function.this["load"].environment[0].variables[name]] == ["arn:secret:load", "arn:secret:update", "arn:secret:insights", "arn:secret:admin"] && aws_lambda_function.this["update"].environment[0].variables["LOAF_WAREHOUSE_SECRET"] == "arn:secret:update"
    error_message = "Each function logs in as its own user; secrets are named and not shown."
  }

  assert {
    condition     = aws_lambda_function.this["load"].environment[0].variables["LOAF_DEPLOYMENT"] == substr(sha256("namespace#1#${filebase64sha256("./tests/fixtures/artifacts/load.zip")}"), 0, 16)
    error_message = "A deployment's name changes with the warehouse, its users and the program."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.warehouse[0].referenced_security_group_id == "sg-0warehouse" && aws_vpc_security_group_egress_rule.warehouse[0].from_port == 5439 && aws_vpc_security_group_egress_rule.warehouse[0].to_port == 5439
    error_message = "Functions reach the warehouse by its security group."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.s3[0].prefix_list_id == "pl-0123456789abcdef0" && alltrue([for r in [aws_vpc_security_group_egress_rule.s3[0], aws_vpc_security_group_egress_rule.https[0]] : r.ip_protocol == "tcp" && r.from_port == 443 && r.to_port == 443])
    error_message = "Beside the warehouse functions speak HTTPS and nothing else."
  }

  assert {
    condition     = aws_security_group.functions[0].vpc_id == "vpc-0123456789abcdef0" && length(aws_security_group.functions[0].ingress) == 0
    error_message = "Nobody connects to the functions."
  }

  assert {
    condition     = { for k, r in aws_cloudwatch_event_rule.this : k => r.schedule_expression } == { load = "rate(3 minutes)", sweep = "rate(1 day)" }
    error_message = "The load runs every three minutes, the sweep once a day."
  }

  assert {
    condition     = { for k, t in aws_cloudwatch_event_target.this : k => [t.rule, t.arn, coalesce(t.input, "as it is")] } == { load = ["loaf-test-load", "arn:aws:lambda:eu-central-1:123456789012:function:loaf-test-load", "as it is"], sweep = ["loaf-test-sweep", "arn:aws:lambda:eu-central-1:123456789012:function:loaf-test-load", "{\"action\":\"sweep\",\"since\":\"72h\"}"] }
    error_message = "Both schedules start the load function: one as it is, one to sweep."
  }

  assert {
    condition     = { for k, p in aws_lambda_permission.schedule : k => [p.principal, p.source_arn, p.function_name] } == { for k in ["load", "sweep"] : k => ["events.amazonaws.com", aws_cloudwatch_event_rule.this[k].arn, "loaf-test-load"] }
    error_message = "EventBridge may start the load by these two rules."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.load[0].maximum_retry_attempts == 0 && aws_lambda_function_event_invoke_config.load[0].function_name == "loaf-test-load"
    error_message = "Lambda does not repeat a load that failed."
  }

  assert {
    condition     = { for k, q in aws_sqs_queue.this : k => q.visibility_timeout_seconds } == { load = 960, retry = 180 } && aws_sqs_queue.this["load"].visibility_timeout_seconds > aws_lambda_function.this["load"].timeout && aws_sqs_queue.this["retry"].visibility_timeout_seconds >= 6 * aws_lambda_function.this["update"].timeout
    error_message = "A message stays hidden for longer than its function may run."
  }

  assert {
    condition     = alltrue([for q in concat(values(aws_sqs_queue.this), values(aws_sqs_queue.dead_letter)) : q.sqs_managed_sse_enabled && q.message_retention_seconds == 1209600])
    error_message = "Queues are encrypted and keep messages for 14 days."
  }

  assert {
    condition = { for k, r in aws_sqs_queue_redrive_policy.this : k => jsondecode(r.redrive_policy) } == {
      load  = { deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:loaf-test-load-dlq", maxReceiveCount = 10 }
      retry = { deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:loaf-test-retry-dlq", maxReceiveCount = 60 }
    } && alltrue([for k, r in aws_sqs_queue_redrive_policy.this : r.queue_url == aws_sqs_queue.this[k].url])
    error_message = "Each queue has its dead-letter queue."
  }

  assert {
    condition = jsondecode(aws_sqs_queue_policy.load[0].policy).Statement == [{
      Sid       = "BucketsSayWhatIsNew"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-central-1:123456789012:loaf-test-load"
      Condition = {
        ArnEquals    = { "aws:SourceArn" = ["arn:aws:s3:::loaf-test-123456789012-eu-central-1-events", "arn:aws:s3:::loaf-test-123456789012-eu-central-1-users"] }
        StringEquals = { "aws:SourceAccount" = "123456789012" }
      }
    }]
    error_message = "Only the two buckets of this account send to the load's queue."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.retry[0].function_response_types == toset(["ReportBatchItemFailures"]) && aws_lambda_event_source_mapping.retry[0].event_source_arn == "arn:aws:sqs:eu-central-1:123456789012:loaf-test-retry" && aws_lambda_event_source_mapping.retry[0].function_name == "arn:aws:lambda:eu-central-1:123456789012:function:loaf-test-update" && aws_lambda_event_source_mapping.retry[0].scaling_config[0].maximum_concurrency == 2
    error_message = "The update function merges what waited, message by message."
  }

  assert {
    condition     = { for k, m in aws_api_gateway_method.this : k => [m.api_key_required, m.http_method] } == { "POST /v1/events" = [true, "POST"], "POST /v1/users" = [true, "POST"], "PATCH /v1/users" = [true, "PATCH"] }
    error_message = "Every method asks for a key."
  }

  assert {
    condition     = { for k, i in aws_api_gateway_integration.this : k => [i.type, i.integration_http_method, i.timeout_milliseconds, i.uri] } == { for k, f in { "POST /v1/events" = "collect", "POST /v1/users" = "collect", "PATCH /v1/users" = "update" } : k => ["AWS_PROXY", "POST", 29000, "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/${f}/invocations"] }
    error_message = "Events and users go to collect, user updates to update."
  }

  assert {
    condition     = aws_api_gateway_rest_api.this.binary_media_types == tolist(["*/*"]) && aws_api_gateway_rest_api.this.minimum_compression_size == "not set"
    error_message = "Bodies arrive as they were sent, gzip among them."
  }

  assert {
    condition     = { for k, p in aws_lambda_permission.api : k => [p.principal, p.source_arn] } == { for k in ["POST /v1/events", "POST /v1/users", "PATCH /v1/users"] : k => ["apigateway.amazonaws.com", "arn:aws:execute-api:eu-central-1:123456789012:api/*/${replace(k, " ", "")}"] }
    error_message = "The API starts a function for its own route alone."
  }

  assert {
    condition     = aws_api_gateway_usage_plan.this.throttle_settings[0].rate_limit == 1000 && aws_api_gateway_usage_plan.this.throttle_settings[0].burst_limit == 500 && length(aws_api_gateway_usage_plan.this.quota_settings) == 0 && [for s in aws_api_gateway_usage_plan.this.api_stages : "${s.api_id} ${s.stage}"] == ["api live"]
    error_message = "The usage plan throttles the stage, without a quota by default."
  }

  assert {
    condition     = keys(aws_api_gateway_usage_plan_key.this) == ["default"] && aws_api_gateway_usage_plan_key.this["default"].key_id == aws_api_gateway_api_key.this["default"].id && aws_api_gateway_api_key.this["default"].name == "loaf-test-default"
    error_message = "The key belongs to the usage plan."
  }

  assert {
    condition = { for k, r in aws_api_gateway_gateway_response.this : k => [r.status_code, jsondecode(r.response_templates["application/json"]).error.code, try(r.response_parameters["gatewayresponse.header.Retry-After"], null)] } == {
      INVALID_API_KEY              = ["403", "key_wrong", null]
      MISSING_AUTHENTICATION_TOKEN = ["404", "not_found", null]
      RESOURCE_NOT_FOUND           = ["404", "not_found", null]
      REQUEST_TOO_LARGE            = ["413", "body_too_large", null]
      THROTTLED                    = ["429", "too_many_requests", "'2'"]
      QUOTA_EXCEEDED               = ["429", "quota_exceeded", "'3600'"]
      INTEGRATION_FAILURE          = ["503", "unavailable", "'2'"]
      API_CONFIGURATION_ERROR      = ["503", "unavailable", "'2'"]
      INTEGRATION_TIMEOUT          = ["504", "timeout", "'2'"]
    }
    error_message = "The gateway's own answers have the shape of all errors, and say when to send again."
  }

  assert {
    condition     = aws_api_gateway_stage.this.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.api.arn && !strcontains(aws_api_gateway_stage.this.access_log_settings[0].format, "sourceIp") && !strcontains(aws_api_gateway_stage.this.access_log_settings[0].format, "apiKey\"")
    error_message = "The API logs its calls, without the callers' addresses and keys."
  }

  assert {
    condition     = { for k, g in aws_cloudwatch_log_group.function : k => g.name } == { for k in ["collect", "update", "load"] : k => "/aws/lambda/loaf-test-${k}" } && alltrue([for g in concat(values(aws_cloudwatch_log_group.function), [aws_cloudwatch_log_group.api, aws_cloudwatch_log_group.firehose]) : g.retention_in_days == 30])
    error_message = "Logs end after 30 days, those of functions in groups made here."
  }

  assert {
    condition = toset(distinct(flatten([for s in jsondecode(aws_iam_role_policy.function["collect"].policy).Statement : [for a in flatten([s.Action]) : [for r in flatten([s.Resource]) : "${a} ${r}${can(s.Condition) ? " if ${jsonencode(s.Condition)}" : ""}"]]]))) == toset([
      "logs:CreateLogStream arn:log-group:collect:*",
      "logs:PutLogEvents arn:log-group:collect:*",
      "firehose:PutRecordBatch arn:firehose:events",
      "firehose:PutRecordBatch arn:firehose:users",
    ])
    error_message = "collect writes to its streams and its log."
  }

  assert {
    condition = toset(distinct(flatten([for s in jsondecode(aws_iam_role_policy.function["update"].policy).Statement : [for a in flatten([s.Action]) : [for r in flatten([s.Resource]) : "${a} ${r}${can(s.Condition) ? " if ${jsonencode(s.Condition)}" : ""}"]]]))) == toset([
      "logs:CreateLogStream arn:log-group:update:*",
      "logs:PutLogEvents arn:log-group:update:*",
      "ec2:CreateNetworkInterface *",
      "ec2:DeleteNetworkInterface *",
      "ec2:DescribeNetworkInterfaces *",
      "ec2:DescribeSubnets *",
      "ec2:AssignPrivateIpAddresses *",
      "ec2:UnassignPrivateIpAddresses *",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/updates/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/updates/*",
      "s3:ListBucket arn:aws:s3:::loaf-test-123456789012-eu-central-1-users if {\"StringLike\":{\"s3:prefix\":[\"updates/*\"]}}",
      "sqs:ChangeMessageVisibility arn:aws:sqs:eu-central-1:123456789012:loaf-test-retry",
      "sqs:DeleteMessage arn:aws:sqs:eu-central-1:123456789012:loaf-test-retry",
      "sqs:GetQueueAttributes arn:aws:sqs:eu-central-1:123456789012:loaf-test-retry",
      "sqs:ReceiveMessage arn:aws:sqs:eu-central-1:123456789012:loaf-test-retry",
      "sqs:SendMessage arn:aws:sqs:eu-central-1:123456789012:loaf-test-retry",
      "secretsmanager:GetSecretValue arn:secret:update",
    ])
    error_message = "update stores updates, uses the retry queue, and logs in as its user."
  }

  assert {
    condition = toset(distinct(flatten([for s in jsondecode(aws_iam_role_policy.function["load"].policy).Statement : [for a in flatten([s.Action]) : [for r in flatten([s.Resource]) : "${a} ${r}${can(s.Condition) ? " if ${jsonencode(s.Condition)}" : ""}"]]]))) == toset([
      "logs:CreateLogStream arn:log-group:load:*",
      "logs:PutLogEvents arn:log-group:load:*",
      "ec2:CreateNetworkInterface *",
      "ec2:DeleteNetworkInterface *",
      "ec2:DescribeNetworkInterfaces *",
      "ec2:DescribeSubnets *",
      "ec2:AssignPrivateIpAddresses *",
      "ec2:UnassignPrivateIpAddresses *",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/events/*",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/users/*",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/updates/*",
      "s3:ListBucket arn:aws:s3:::loaf-test-123456789012-eu-central-1-events",
      "s3:ListBucket arn:aws:s3:::loaf-test-123456789012-eu-central-1-users",
      "s3:ListBucketVersions arn:aws:s3:::loaf-test-123456789012-eu-central-1-events",
      "s3:ListBucketVersions arn:aws:s3:::loaf-test-123456789012-eu-central-1-users",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/events/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/users/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/updates/*",
      "s3:GetObjectVersion arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/events/*",
      "s3:GetObjectVersion arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/users/*",
      "s3:GetObjectVersion arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/updates/*",
      "s3:DeleteObjectVersion arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/events/*",
      "s3:DeleteObjectVersion arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/users/*",
      "s3:DeleteObjectVersion arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/updates/*",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/manifests/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/manifests/*",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/state/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/state/*",
      "sqs:ChangeMessageVisibility arn:aws:sqs:eu-central-1:123456789012:loaf-test-load",
      "sqs:DeleteMessage arn:aws:sqs:eu-central-1:123456789012:loaf-test-load",
      "sqs:GetQueueAttributes arn:aws:sqs:eu-central-1:123456789012:loaf-test-load",
      "sqs:ReceiveMessage arn:aws:sqs:eu-central-1:123456789012:loaf-test-load",
      "secretsmanager:GetSecretValue arn:secret:load",
      "secretsmanager:GetSecretValue arn:secret:update",
      "secretsmanager:GetSecretValue arn:secret:insights",
      "secretsmanager:GetSecretValue arn:secret:admin",
    ])
    error_message = "load reads raw objects, takes users out of them, keeps manifests and markers, and logs in; it deletes no object."
  }

  assert {
    condition = toset(distinct(flatten([for s in jsondecode(aws_iam_role_policy.firehose.policy).Statement : [for a in flatten([s.Action]) : [for r in flatten([s.Resource]) : "${a} ${r}${can(s.Condition) ? " if ${jsonencode(s.Condition)}" : ""}"]]]))) == toset([
      "s3:AbortMultipartUpload arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/events/*",
      "s3:AbortMultipartUpload arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/errors/*",
      "s3:AbortMultipartUpload arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/users/*",
      "s3:AbortMultipartUpload arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/errors/*",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/events/*",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/errors/*",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/users/*",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/errors/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/events/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-events/errors/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/users/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/errors/*",
      "s3:GetBucketLocation arn:aws:s3:::loaf-test-123456789012-eu-central-1-events",
      "s3:GetBucketLocation arn:aws:s3:::loaf-test-123456789012-eu-central-1-users",
      "s3:ListBucket arn:aws:s3:::loaf-test-123456789012-eu-central-1-events",
      "s3:ListBucket arn:aws:s3:::loaf-test-123456789012-eu-central-1-users",
      "s3:ListBucketMultipartUploads arn:aws:s3:::loaf-test-123456789012-eu-central-1-events",
      "s3:ListBucketMultipartUploads arn:aws:s3:::loaf-test-123456789012-eu-central-1-users",
      "logs:PutLogEvents arn:log-stream:events",
      "logs:PutLogEvents arn:log-stream:users",
    ])
    error_message = "Firehose writes below its prefixes."
  }

  assert {
    condition = toset(distinct(flatten([for s in jsondecode(aws_iam_role_policy.api_logging[0].policy).Statement : [for a in flatten([s.Action]) : [for r in flatten([s.Resource]) : "${a} ${r}${can(s.Condition) ? " if ${jsonencode(s.Condition)}" : ""}"]]]))) == toset([
      "logs:CreateLogGroup *",
      "logs:CreateLogStream *",
      "logs:DescribeLogGroups *",
      "logs:DescribeLogStreams *",
      "logs:FilterLogEvents *",
      "logs:GetLogEvents *",
      "logs:PutLogEvents *",
    ])
    error_message = "API Gateway's role writes logs, wherever in the region an API has them."
  }

  assert {
    condition = alltrue([for p in concat(values(aws_iam_role_policy.function), [aws_iam_role_policy.firehose], aws_iam_role_policy.api_logging) : alltrue([
      for s in jsondecode(p.policy).Statement : s.Effect == "Allow" && !can(s.NotAction) && !can(s.NotResource) && alltrue([for a in flatten([s.Action]) : !strcontains(a, "*")]) && (contains(["StandInTheVPC", "WriteLogs"], s.Sid) || !contains(flatten([s.Resource]), "*"))
    ])])
    error_message = "No role has an action with *, and only the statements that EC2 and the region's logging role know no resources for have *."
  }

  assert {
    condition = { for k, r in merge(aws_iam_role.function, { firehose = aws_iam_role.firehose, api = aws_iam_role.api_logging[0] }) : k => one([for s in jsondecode(r.assume_role_policy).Statement : s.Principal.Service]) } == {
      collect = "lambda.amazonaws.com", update = "lambda.amazonaws.com", load = "lambda.amazonaws.com", firehose = "firehose.amazonaws.com", api = "apigateway.amazonaws.com"
    }
    error_message = "A role is assumed by its service alone."
  }

  assert {
    condition     = aws_api_gateway_account.this[0].cloudwatch_role_arn == aws_iam_role.api_logging[0].arn
    error_message = "The region's logging role is set by default."
  }

  assert {
    condition = alltrue([for r in concat(
      values(aws_s3_bucket.raw), values(aws_kinesis_firehose_delivery_stream.this), values(aws_lambda_function.this), values(aws_sqs_queue.this), values(aws_sqs_queue.dead_letter),
      values(aws_iam_role.function), [aws_iam_role.firehose], aws_iam_role.api_logging, values(aws_cloudwatch_log_group.function), [aws_cloudwatch_log_group.api, aws_cloudwatch_log_group.firehose],
      values(aws_cloudwatch_event_rule.this), aws_lambda_event_source_mapping.retry, aws_security_group.functions, aws_vpc_security_group_egress_rule.warehouse, aws_vpc_security_group_egress_rule.s3, aws_vpc_security_group_egress_rule.https,
      [aws_api_gateway_rest_api.this, aws_api_gateway_stage.this, aws_api_gateway_usage_plan.this], values(aws_api_gateway_api_key.this)
    ) : r.tags["dataloaf:stack"] == "loaf-test" && r.tags.team == "product"])
    error_message = "Everything carries the stack's tag and the caller's."
  }

  assert {
    condition     = output.endpoint == "https://api.execute-api.eu-central-1.amazonaws.com/live" && output.buckets.events == "loaf-test-123456789012-eu-central-1-events" && output.queues.retry == { name = "loaf-test-retry", dead_letter = "loaf-test-retry-dlq" } && output.log_groups.api == "/dataloaf/loaf-test/api"
    error_message = "The outputs name what was made."
  }

  assert {
    condition     = issensitive(output.api_keys) && toset(keys(nonsensitive(output.api_keys))) == toset(["default"])
    error_message = "The keys are an output that is not shown."
  }
}

run "without_a_warehouse" {
  command = apply

  module {
    source = "./modules/collection"
  }

  variables {
    network   = null
    warehouse = null
  }

  assert {
    condition     = toset(keys(aws_lambda_function.this)) == toset(["collect", "update"]) && alltrue([for f in aws_lambda_function.this : length(f.vpc_config) == 0])
    error_message = "Without a warehouse there is no load, and nothing stands in a VPC."
  }

  assert {
    condition     = length(aws_sqs_queue.this) + length(aws_sqs_queue.dead_letter) + length(aws_s3_bucket_notification.raw) + length(aws_cloudwatch_event_rule.this) + length(aws_lambda_event_source_mapping.retry) + length(aws_security_group.functions) + length(aws_vpc_security_group_egress_rule.https) + length(data.aws_ec2_managed_prefix_list.s3) == 0
    error_message = "Without a warehouse there are neither queues nor schedules nor security groups."
  }

  assert {
    condition     = keys(aws_lambda_function.this["update"].environment[0].variables) == tolist(["LOAF_USERS_BUCKET"])
    error_message = "update knows from the missing host that there is no warehouse."
  }

  assert {
    condition = toset(distinct(flatten([for s in jsondecode(aws_iam_role_policy.function["update"].policy).Statement : [for a in flatten([s.Action]) : [for r in flatten([s.Resource]) : "${a} ${r}${can(s.Condition) ? " if ${jsonencode(s.Condition)}" : ""}"]]]))) == toset([
      "logs:CreateLogStream arn:log-group:update:*",
      "logs:PutLogEvents arn:log-group:update:*",
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/updates/*",
      "s3:PutObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-users/updates/*",
      "s3:ListBucket arn:aws:s3:::loaf-test-123456789012-eu-central-1-users if {\"StringLike\":{\"s3:prefix\":[\"updates/*\"]}}",
    ])
    error_message = "Without a warehouse update may store updates, and nothing more."
  }

  assert {
    condition     = length(aws_api_gateway_method.this) == 3 && output.queues == {} && output.security_group_id == null
    error_message = "The API is the same, and there are no queues to name."
  }
}

run "least" {
  command = apply

  module {
    source = "./modules/collection"
  }

  variables {
    name                     = "abc"
    load_interval_minutes    = 1
    reserve_load_concurrency = false
    manage_api_logging_role  = false
    raw_retention_days       = 30
    force_destroy            = true
    log_retention_days       = 1
    monthly_quota            = 1
    burst_limit              = 1
    rate_limit               = 0.5
    api_keys                 = ["a", "Key_2-b"]
    network                  = { vpc_id = "vpc-0123456789abcdef0", subnet_ids = ["subnet-0a", "subnet-0b"] }
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["load"].schedule_expression == "rate(1 minute)"
    error_message = "EventBridge knows \"1 minute\", and not \"1 minutes\"."
  }

  assert {
    condition     = aws_lambda_function.this["load"].reserved_concurrent_executions == -1
    error_message = "Nothing is reserved where the account cannot."
  }

  assert {
    condition     = length(aws_iam_role.api_logging) + length(aws_iam_role_policy.api_logging) + length(aws_api_gateway_account.this) == 0
    error_message = "The region's logging role stays as it is where it is not the stack's."
  }

  assert {
    condition = { for k, l in aws_s3_bucket_lifecycle_configuration.raw : k => { for r in l.rule : r.filter[0].prefix => r.expiration[0].days if startswith(r.id, "retention-") } } == {
      events = { "events/" = 30 }
      users  = { "users/" = 30, "updates/" = 30 }
    }
    error_message = "Raw objects expire where that was asked for."
  }

  assert {
    condition     = alltrue([for b in aws_s3_bucket.raw : b.force_destroy])
    error_message = "A destroy empties the buckets where that was asked for."
  }

  assert {
    condition     = aws_api_gateway_usage_plan.this.quota_settings[0].limit == 1 && aws_api_gateway_usage_plan.this.quota_settings[0].period == "MONTH" && aws_api_gateway_usage_plan.this.throttle_settings[0].burst_limit == 1 && aws_api_gateway_usage_plan.this.throttle_settings[0].rate_limit == 0.5
    error_message = "Quota and throttle are those asked for."
  }

  assert {
    condition     = toset(keys(aws_api_gateway_usage_plan_key.this)) == toset(["a", "Key_2-b"])
    error_message = "There is a key for every name."
  }
}

run "most" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name                  = "a-name-of-20-letters"
    load_interval_minutes = 1440
    raw_retention_days    = 3650
    event_retention_days  = 365
    log_retention_days    = 3653
    api_keys              = ["kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"]
  }

  # The longest name of a region.
  override_data {
    target = data.aws_region.current
    values = { id = "ap-northeast-1" }
  }

  assert {
    condition = { for k, l in aws_s3_bucket_lifecycle_configuration.raw : k => { for r in l.rule : r.filter[0].prefix => r.expiration[0].days if startswith(r.id, "retention-") } } == {
      events = { "events/" = 365 }
      users  = { "users/" = 3650, "updates/" = 3650 }
    }
    error_message = "Raw events expire with the events, and the rest with the raw objects."
  }

  assert {
    condition     = { for k, v in aws_lambda_function.this["load"].environment[0].variables : k => v if endswith(k, "_RETENTION_DAYS") } == { LOAF_EVENT_RETENTION_DAYS = "365", LOAF_RAW_RETENTION_DAYS = "3650" }
    error_message = "The load function knows what expires."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["load"].schedule_expression == "rate(1440 minutes)"
    error_message = "A load a day is the least."
  }

  assert {
    condition     = alltrue([for b in aws_s3_bucket.raw : length(b.bucket) <= 63])
    error_message = "The longest name leaves room for account and region."
  }

  assert {
    condition     = alltrue([for f in aws_lambda_function.this : length(f.function_name) <= 64]) && alltrue([for r in aws_iam_role.function : length(r.name) <= 64])
    error_message = "The longest name leaves room in the names of functions and roles."
  }
}

run "every_5_minutes" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    load_interval_minutes = 5
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_event_rule.this)) == toset(["load", "sweep"])
    error_message = "A new stack waits no longer than five minutes for its tables."
  }
}

run "every_6_minutes" {
  command = apply

  module {
    source = "./modules/collection"
  }

  variables {
    load_interval_minutes = 6
  }

  override_resource {
    target = aws_cloudwatch_event_rule.this["prepare"]
    values = { arn = "arn:aws:events:eu-central-1:123456789012:rule/loaf-test-prepare" }
  }

  assert {
    condition     = { for k, r in aws_cloudwatch_event_rule.this : k => r.schedule_expression } == { load = "rate(6 minutes)", sweep = "rate(1 day)", prepare = "rate(5 minutes)" } && aws_cloudwatch_event_target.this["prepare"].input == "{\"action\":\"prepare\"}" && aws_lambda_permission.schedule["prepare"].principal == "events.amazonaws.com"
    error_message = "Where loads are further apart, a schedule of its own makes the tables."
  }
}

run "every_3_minutes_or_hourly" {
  command = apply

  module {
    source = "./modules/collection"
  }

  variables {
    load_interval_minutes      = 3
    idle_load_interval_minutes = 60
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["load"].schedule_expression == "rate(3 minutes)" && { for k, v in aws_lambda_function.this["load"].environment[0].variables : k => v if endswith(k, "LOAD_INTERVAL_MINUTES") } == { LOAF_LOAD_INTERVAL_MINUTES = "3", LOAF_IDLE_LOAD_INTERVAL_MINUTES = "60" }
    error_message = "The schedule stays, and the load function knows how long data may wait while nobody asks."
  }

  assert {
    condition     = output.ask_state == { bucket = output.buckets.events, arn = "${output.bucket_arns.events}/state/asked.json", key = "state/asked.json" }
    error_message = "The insights server is told where to say that somebody asks."
  }
}

run "every_hour" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    load_interval_minutes = 60
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["load"].schedule_expression == "rate(60 minutes)"
    error_message = "A load an hour is 60 minutes."
  }

  assert {
    condition     = output.ask_state == null && length([for k in keys(aws_lambda_function.this["load"].environment[0].variables) : k if endswith(k, "LOAD_INTERVAL_MINUTES")]) == 0
    error_message = "Nothing waits, whether somebody asks or not."
  }
}

# --- what is refused --------------------------------------------------------------

run "name_too_short" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name = "ab"
  }

  expect_failures = [var.name]
}

run "name_too_long" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name = "a-name-of-21-letterss"
  }

  expect_failures = [var.name]
}

run "name_in_upper_case" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name = "Loaf"
  }

  expect_failures = [var.name]
}

run "name_with_two_hyphens" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name = "loaf--test"
  }

  expect_failures = [var.name]
}

run "name_with_a_hyphen_at_the_end" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name = "loaf-"
  }

  expect_failures = [var.name]
}

run "name_with_a_digit_first" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name = "1loaf"
  }

  expect_failures = [var.name]
}

run "name_with_an_underscore" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name = "loaf_test"
  }

  expect_failures = [var.name]
}

run "name_that_aws_keeps" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name = "sg-loaf"
  }

  expect_failures = [var.name]
}

run "name_that_aws_keeps_alone" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    name = "internal"
  }

  expect_failures = [var.name]
}

run "no_keys" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    api_keys = []
  }

  expect_failures = [var.api_keys]
}

run "key_without_a_name" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    api_keys = [""]
  }

  expect_failures = [var.api_keys]
}

run "key_with_a_long_name" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    api_keys = ["kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"]
  }

  expect_failures = [var.api_keys]
}

run "key_with_a_space" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    api_keys = ["my key"]
  }

  expect_failures = [var.api_keys]
}

run "no_rate" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    rate_limit = 0
  }

  expect_failures = [var.rate_limit]
}

run "no_burst" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    burst_limit = 0
  }

  expect_failures = [var.burst_limit]
}

run "burst_no_whole_number" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    burst_limit = 1.5
  }

  expect_failures = [var.burst_limit]
}

run "no_quota" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    monthly_quota = 0
  }

  expect_failures = [var.monthly_quota]
}

run "quota_no_whole_number" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    monthly_quota = 1.5
  }

  expect_failures = [var.monthly_quota]
}

run "retention_too_short" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    raw_retention_days = 29
  }

  expect_failures = [var.raw_retention_days]
}

run "event_retention_too_short" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    event_retention_days = 29
  }

  expect_failures = [var.event_retention_days]
}

run "event_retention_no_whole_number" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    event_retention_days = 365.25
  }

  expect_failures = [var.event_retention_days]
}

run "retention_no_whole_number" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    raw_retention_days = 30.5
  }

  expect_failures = [var.raw_retention_days]
}

run "logs_for_a_time_that_is_unknown" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    log_retention_days = 2
  }

  expect_failures = [var.log_retention_days]
}

run "logs_for_ever" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    log_retention_days = 0
  }

  expect_failures = [var.log_retention_days]
}

run "interval_too_short" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    load_interval_minutes = 0
  }

  expect_failures = [var.load_interval_minutes]
}

run "interval_too_long" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    load_interval_minutes = 1441
  }

  expect_failures = [var.load_interval_minutes]
}

run "interval_no_whole_number" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    load_interval_minutes = 2.5
  }

  expect_failures = [var.load_interval_minutes]
}

run "idle_interval_not_above_the_interval" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    load_interval_minutes      = 15
    idle_load_interval_minutes = 15
  }

  expect_failures = [var.idle_load_interval_minutes]
}

run "one_subnet" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    network = { vpc_id = "vpc-0123456789abcdef0", subnet_ids = ["subnet-0a"] }
  }

  expect_failures = [var.network]
}

run "warehouse_without_a_network" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    network = null
  }

  expect_failures = [var.network]
}

run "network_without_a_warehouse" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    warehouse = null
  }

  expect_failures = [var.network]
}

run "artifacts_missing" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    artifacts_dir = "./tests/fixtures/nowhere"
  }

  expect_failures = [aws_lambda_function.this]
}

run "artifacts_partial" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    artifacts_dir = "./tests/fixtures/artifacts-partial"
  }

  expect_failures = [aws_lambda_function.this]
}

run "artifacts_without_a_manifest" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    artifacts_dir = "./tests/fixtures/artifacts-without-manifest"
  }

  expect_failures = [aws_lambda_function.this]
}

run "artifacts_of_another_architecture" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    artifacts_dir = "./tests/fixtures/artifacts-x86_64"
  }

  expect_failures = [aws_lambda_function.this]
}

run "artifacts_of_two_versions" {
  command = plan

  module {
    source = "./modules/collection"
  }

  variables {
    artifacts_dir = "./tests/fixtures/artifacts-mixed"
  }

  expect_failures = [aws_lambda_function.this]
}
