# The collection API: one of the two doors.

locals {
  routes = {
    "POST /v1/events" = { method = "POST", resource = "events", function = "collect" }
    "POST /v1/users"  = { method = "POST", resource = "users", function = "collect" }
    "PATCH /v1/users" = { method = "PATCH", resource = "users", function = "update" }
  }

  # What the gateway answers by itself, in the shape of all errors. Clients send again
  # what is 429 or 5xx, and the gateway answers neither once something was stored.
  answers = {
    INVALID_API_KEY              = { status = 403, code = "key_wrong", message = "the header x-api-key is missing, or is not one of this stack's keys" }
    MISSING_AUTHENTICATION_TOKEN = { status = 404, code = "not_found", message = "the collection API has POST /v1/events, POST /v1/users and PATCH /v1/users" }
    RESOURCE_NOT_FOUND           = { status = 404, code = "not_found", message = "the collection API has POST /v1/events, POST /v1/users and PATCH /v1/users" }
    REQUEST_TOO_LARGE            = { status = 413, code = "body_too_large", message = "the body is larger than 4 MiB; send smaller batches" }
    THROTTLED                    = { status = 429, code = "too_many_requests", message = "this stack takes no more calls a second; send the call again later", retry_after = 2 }
    QUOTA_EXCEEDED               = { status = 429, code = "quota_exceeded", message = "this stack's quota of calls for the month is used up", retry_after = 3600 }
    INTEGRATION_FAILURE          = { status = 503, code = "unavailable", message = "nothing of this call was stored; send it again", retry_after = 2 }
    API_CONFIGURATION_ERROR      = { status = 503, code = "unavailable", message = "nothing of this call was stored; send it again", retry_after = 2 }
    INTEGRATION_TIMEOUT          = { status = 504, code = "timeout", message = "the call took too long; send it again", retry_after = 2 }
  }

  resources = { events = aws_api_gateway_resource.events.id, users = aws_api_gateway_resource.users.id }
}

resource "aws_api_gateway_rest_api" "this" {
  name        = var.name
  description = "DataLoaf stack ${var.name}: takes events, new users and user updates"
  # All bodies go through as they came, gzip among them; were a compression size set, the
  # gateway would unpack them.
  binary_media_types = ["*/*"]
  tags               = local.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    # Sent when the API is made, and not all that speak this API answer with it.
    ignore_changes = [binary_media_types]
  }
}

resource "aws_api_gateway_resource" "v1" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "v1"
}

resource "aws_api_gateway_resource" "events" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.v1.id
  path_part   = "events"
}

resource "aws_api_gateway_resource" "users" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.v1.id
  path_part   = "users"
}

# The key, with quota and throttle, is what the callers are known by.
#tfsec:ignore:aws-api-gateway-no-public-access
resource "aws_api_gateway_method" "this" {
  for_each = local.routes

  rest_api_id      = aws_api_gateway_rest_api.this.id
  resource_id      = local.resources[each.value.resource]
  http_method      = each.value.method
  authorization    = "NONE"
  api_key_required = true
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.routes

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = local.resources[each.value.resource]
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.this[each.value.function].invoke_arn
  timeout_milliseconds    = 29000
}

resource "aws_lambda_permission" "api" {
  for_each = local.routes

  statement_id  = "api-${lower(each.value.method)}-${each.value.resource}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this[each.value.function].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/*/${each.value.method}/v1/${each.value.resource}"
}

resource "aws_api_gateway_gateway_response" "this" {
  for_each = local.answers

  rest_api_id   = aws_api_gateway_rest_api.this.id
  response_type = each.key
  status_code   = tostring(each.value.status)

  response_templates = {
    "application/json" = jsonencode({ error = { code = each.value.code, message = each.value.message } })
  }

  response_parameters = try({ "gatewayresponse.header.Retry-After" = "'${each.value.retry_after}'" }, {})
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  description = "DataLoaf stack ${var.name}"

  # A deployment is a picture of the API; one of these changed makes the next.
  triggers = {
    api = sha1(jsonencode([
      local.routes,
      local.answers,
      local.resources,
      [for m in aws_api_gateway_method.this : m.api_key_required],
      [for i in aws_api_gateway_integration.this : i.uri],
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_api_gateway_integration.this, aws_api_gateway_gateway_response.this]
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/dataloaf/${var.name}/api"
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id   = aws_api_gateway_rest_api.this.id
  deployment_id = aws_api_gateway_deployment.this.id
  stage_name    = "live"
  description   = "DataLoaf stack ${var.name}"
  tags          = local.tags

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    # No address of the caller: whose events these are is nobody's business here.
    format = jsonencode({
      requestId      = "$context.requestId"
      time           = "$context.requestTimeEpoch"
      method         = "$context.httpMethod"
      path           = "$context.resourcePath"
      status         = "$context.status"
      responseBytes  = "$context.responseLength"
      latencyMs      = "$context.responseLatency"
      integrationMs  = "$context.integration.latency"
      apiKeyId       = "$context.identity.apiKeyId"
      errorType      = "$context.error.responseType"
      lambdaStatus   = "$context.integration.status"
      integrationErr = "$context.integration.error"
    })
  }

  depends_on = [aws_api_gateway_account.this]
}

# --- keys ---------------------------------------------------------------------------

resource "aws_api_gateway_api_key" "this" {
  for_each = var.api_keys

  name        = "${var.name}-${each.key}"
  description = "API key ${each.key} of the DataLoaf stack ${var.name}"
  tags        = local.tags
}

resource "aws_api_gateway_usage_plan" "this" {
  name        = var.name
  description = "Everybody who sends to the DataLoaf stack ${var.name}"
  tags        = local.tags

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  throttle_settings {
    rate_limit  = var.rate_limit
    burst_limit = var.burst_limit
  }

  dynamic "quota_settings" {
    for_each = var.monthly_quota == null ? [] : [var.monthly_quota]

    content {
      limit  = quota_settings.value
      period = "MONTH"
    }
  }
}

resource "aws_api_gateway_usage_plan_key" "this" {
  for_each = var.api_keys

  key_id        = aws_api_gateway_api_key.this[each.key].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.this.id
}

# --- the region's logging role ---------------------------------------------------------

resource "aws_iam_role" "api_logging" {
  count = var.manage_api_logging_role ? 1 : 0

  name        = "${var.name}-api-logging"
  description = "API Gateway in ${local.region}: writes logs"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })
}

# Whatever API of the region it is that logs: the role is the region's, and API Gateway
# checks that it may do all of this.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
#tfsec:ignore:aws-iam-no-policy-wildcards
resource "aws_iam_role_policy" "api_logging" {
  count = var.manage_api_logging_role ? 1 : 0

  name = "log"
  role = aws_iam_role.api_logging[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "WriteLogs"
      Effect = "Allow"
      Action = [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "logs:PutLogEvents",
      ]
      Resource = "*"
    }]
  })
}

resource "aws_api_gateway_account" "this" {
  count = var.manage_api_logging_role ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.api_logging[0].arn

  depends_on = [aws_iam_role_policy.api_logging]
}
