data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  tags   = merge(var.tags, { "dataloaf:stack" = var.name })
  region = data.aws_region.current.id
  # CloudWatch namespaces of its own, so that two stacks of one account do not mix.
  namespace = "DataLoaf/${var.name}"
  loads     = contains(keys(var.functions), "load")
}

# CloudWatch may not publish to a topic that is encrypted with AWS's key for SNS; one of
# the customer's costs a dollar a month to hide the names of metrics.
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
#tfsec:ignore:aws-sns-enable-topic-encryption
resource "aws_sns_topic" "alarms" {
  name         = "${var.name}-alarms"
  display_name = "DataLoaf ${var.name}"
  tags         = local.tags
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

# They say in their logs when they set an object aside.
resource "aws_cloudwatch_log_metric_filter" "quarantined" {
  for_each = toset(local.loads ? ["load", "update"] : [])

  name           = "${var.name}-quarantined-${each.key}"
  log_group_name = var.log_groups[each.key]
  pattern        = "{ $.msg = \"an object is quarantined\" }"

  metric_transformation {
    namespace = local.namespace
    name      = "QuarantinedObjects"
    value     = "1"
  }
}

# The load function says when it gives a deletion up, and when one has been due for too long.
resource "aws_cloudwatch_log_metric_filter" "deletions" {
  count = local.loads ? 1 : 0

  name           = "${var.name}-deletions"
  log_group_name = var.log_groups.load
  pattern        = "{ $.msg = \"a deletion is given up\" || $.msg = \"a deletion is late\" }"

  metric_transformation {
    namespace = local.namespace
    name      = "StuckDeletions"
    value     = "1"
  }
}

locals {
  # A metric has no data while nothing happens; what that means, each alarm says itself.
  quiet     = "notBreaching"
  breaching = "breaching"

  alarms = merge(
    {
      for f, function in var.functions : "${f}-errors" => {
        description = "The function ${f} failed. Its log /aws/lambda/${function} says why."
        namespace   = "AWS/Lambda"
        metric      = "Errors"
        dimensions  = { FunctionName = function }
        statistic   = "Sum"
        threshold   = 1
        missing     = local.quiet
        # One load that fails is made up for by the next.
        datapoints = f == "load" ? 3 : 1
      }
    },
    {
      # A load that is throttled only waits for the one before it.
      for f, function in var.functions : "${f}-throttled" => {
        description = "Lambda refused to run ${f}: the account's concurrency quota is used up. Clients send again what was refused; ask for a higher quota."
        namespace   = "AWS/Lambda"
        metric      = "Throttles"
        dimensions  = { FunctionName = function }
        statistic   = "Sum"
        threshold   = 1
        missing     = local.quiet
        datapoints  = 1
      } if f != "load"
    },
    {
      for q, queue in var.queues : "${q}-dead-letters" => {
        description = "Notifications in ${queue.dead_letter} were tried too often. No data is lost: the raw objects are there, and the daily sweep loads them. The function's log says why."
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        dimensions  = { QueueName = queue.dead_letter }
        statistic   = "Maximum"
        threshold   = 1
        missing     = local.quiet
        datapoints  = 1
      }
    },
    {
      for s, stream in var.streams : "${s}-delivery-late" => {
        description = "Firehose has held ${s} back from S3 for over 15 minutes. Its log group ${var.log_groups.firehose} says why."
        namespace   = "AWS/Firehose"
        metric      = "DeliveryToS3.DataFreshness"
        dimensions  = { DeliveryStreamName = stream }
        statistic   = "Maximum"
        threshold   = 900
        missing     = local.quiet
        datapoints  = 1
      }
    },
    {
      api-unavailable = {
        description = "The collection API answered 5xx. Clients send again what it refused; the log group ${var.log_groups.api} has the calls."
        namespace   = "AWS/ApiGateway"
        metric      = "5XXError"
        dimensions  = { ApiName = var.api.name, Stage = var.api.stage }
        statistic   = "Sum"
        threshold   = 1
        missing     = local.quiet
        datapoints  = 2
      }
    },
    { for name, alarm in {
      nothing-accepted = {
        description = "No event was accepted for ${coalesce(var.silent_after_hours, 0)} h. Does the application still send, and with a key that is valid?"
        namespace   = "AWS/Firehose"
        metric      = "IncomingRecords"
        dimensions  = { DeliveryStreamName = var.streams.events }
        statistic   = "Sum"
        threshold   = 1
        below       = true
        missing     = local.breaching
        datapoints  = var.silent_after_hours
        period      = 3600
      }
    } : name => alarm if var.silent_after_hours != null },
    { for name, alarm in {
      load-late = {
        description = "A raw object has waited for its load for over ${var.late_after_minutes} minutes. What was accepted is safe and not shown yet; the log of the function load says why."
        namespace   = "AWS/SQS"
        metric      = "ApproximateAgeOfOldestMessage"
        dimensions  = { QueueName = try(var.queues.load.name, "") }
        statistic   = "Maximum"
        threshold   = var.late_after_minutes * 60
        missing     = local.quiet
        datapoints  = 1
      }
      load-not-running = {
        description = "The load was not started three times in a row. Is its schedule ${var.name}-load switched off?"
        namespace   = "AWS/Lambda"
        metric      = "Invocations"
        dimensions  = { FunctionName = try(var.functions.load, "") }
        statistic   = "Sum"
        threshold   = 1
        below       = true
        missing     = local.breaching
        datapoints  = 3
        period      = var.load_interval_minutes * 60
      }
      quarantined = {
        description = "An object could not be loaded and was set aside; the rest was loaded. The page's pipeline view names it and the reason."
        namespace   = local.namespace
        metric      = "QuarantinedObjects"
        dimensions  = null
        statistic   = "Sum"
        threshold   = 1
        missing     = local.quiet
        datapoints  = 1
      }
      deletion-stuck = {
        description = "A user's data was not deleted: the deletion was given up after ten tries, or has been due for over a day. Its receipt, or the log of the function load, says why."
        namespace   = local.namespace
        metric      = "StuckDeletions"
        dimensions  = null
        statistic   = "Sum"
        threshold   = 1
        missing     = local.quiet
        datapoints  = 1
      }
    } : name => alarm if local.loads },
    { for name, alarm in {
      page-down = {
        description = "The insights page does not answer. Its instance is being replaced, which takes minutes; the group's activity says whether that fails."
        namespace   = try(var.insights.load_balancer, null) == null ? "AWS/AutoScaling" : "AWS/ApplicationELB"
        metric      = try(var.insights.load_balancer, null) == null ? "GroupInServiceInstances" : "HealthyHostCount"
        dimensions = try(var.insights.load_balancer, null) == null ? { AutoScalingGroupName = try(var.insights.autoscaling_group, "") } : {
          LoadBalancer = var.insights.load_balancer.load_balancer
          TargetGroup  = var.insights.load_balancer.target_group
        }
        statistic  = "Minimum"
        threshold  = 1
        below      = true
        missing    = local.breaching
        datapoints = 3
      }
    } : name => alarm if var.insights != null },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = try(each.value.below, false) ? "LessThanThreshold" : "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  period              = try(each.value.period, 300)
  evaluation_periods  = each.value.datapoints
  datapoints_to_alarm = each.value.datapoints
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = local.tags
}

# --- the dashboard --------------------------------------------------------------------

locals {
  charts = concat(
    [
      { title = "Calls", stat = "Sum", metrics = [
        ["AWS/ApiGateway", "Count", "ApiName", var.api.name, "Stage", var.api.stage],
        ["AWS/ApiGateway", "4XXError", "ApiName", var.api.name, "Stage", var.api.stage],
        ["AWS/ApiGateway", "5XXError", "ApiName", var.api.name, "Stage", var.api.stage],
      ] },
      { title = "Bytes accepted", stat = "Sum", metrics = [for s in values(var.streams) : ["AWS/Firehose", "IncomingBytes", "DeliveryStreamName", s]] },
      { title = "Answer time of the API, ms", stat = "p95", metrics = [["AWS/ApiGateway", "Latency", "ApiName", var.api.name, "Stage", var.api.stage]] },
      { title = "Age of the oldest record on its way to S3, s", stat = "Maximum", metrics = [for s in values(var.streams) : ["AWS/Firehose", "DeliveryToS3.DataFreshness", "DeliveryStreamName", s]] },
    ],
    length(var.queues) == 0 ? [] : [
      { title = "Age of the oldest object not loaded, s", stat = "Maximum", metrics = [["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", var.queues.load.name]] },
      { title = "Waiting, and dead letters", stat = "Maximum", metrics = concat(
        [for q in values(var.queues) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", q.name]],
        [for q in values(var.queues) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", q.dead_letter]],
      ) },
    ],
    [
      { title = "Time the functions take, ms", stat = "p95", metrics = [for f in values(var.functions) : ["AWS/Lambda", "Duration", "FunctionName", f]] },
      { title = "Errors of the functions", stat = "Sum", metrics = [for f in values(var.functions) : ["AWS/Lambda", "Errors", "FunctionName", f]] },
    ],
    local.loads ? [
      { title = "Objects set aside", stat = "Sum", metrics = [[local.namespace, "QuarantinedObjects"]] },
    ] : [],
    var.serverless_workgroup == null ? [] : [
      { title = "Redshift's RPU-seconds, which are billed", stat = "Sum", metrics = [["AWS/Redshift-Serverless", "ComputeSeconds", "Workgroup", var.serverless_workgroup]] },
    ],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [for i, c in local.charts : {
      type   = "metric"
      x      = 12 * (i % 2)
      y      = 6 * floor(i / 2)
      width  = 12
      height = 6
      properties = {
        title   = c.title
        region  = local.region
        stat    = c.stat
        period  = 300
        view    = "timeSeries"
        metrics = c.metrics
      }
    }]
  })
}
