# The module observability: which alarms there are, what they do where nothing happens, and
# whom they tell.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name      = "loaf-test"
  tags      = { team = "product" }
  functions = { collect = "loaf-test-collect", update = "loaf-test-update", load = "loaf-test-load" }
  streams   = { events = "loaf-test-events", users = "loaf-test-users" }
  api       = { id = "api", name = "loaf-test", stage = "live" }

  queues = {
    load  = { name = "loaf-test-load", dead_letter = "loaf-test-load-dlq" }
    retry = { name = "loaf-test-retry", dead_letter = "loaf-test-retry-dlq" }
  }

  log_groups = {
    collect  = "/aws/lambda/loaf-test-collect"
    update   = "/aws/lambda/loaf-test-update"
    load     = "/aws/lambda/loaf-test-load"
    api      = "/dataloaf/loaf-test/api"
    firehose = "/dataloaf/loaf-test/firehose"
  }
}

run "without_a_domain" {
  command = apply

  module {
    source = "./modules/observability"
  }

  variables {
    insights = { autoscaling_group = "loaf-test-insights" }
  }

  assert {
    condition = { for k, alarm in aws_cloudwatch_metric_alarm.this : k => [alarm.treat_missing_data, alarm.comparison_operator, alarm.statistic, alarm.period, alarm.evaluation_periods, alarm.threshold] } == {
      collect-errors       = ["notBreaching", "GreaterThanOrEqualToThreshold", "Sum", 300, 1, 1]
      update-errors        = ["notBreaching", "GreaterThanOrEqualToThreshold", "Sum", 300, 1, 1]
      load-errors          = ["notBreaching", "GreaterThanOrEqualToThreshold", "Sum", 300, 3, 1]
      collect-throttled    = ["notBreaching", "GreaterThanOrEqualToThreshold", "Sum", 300, 1, 1]
      update-throttled     = ["notBreaching", "GreaterThanOrEqualToThreshold", "Sum", 300, 1, 1]
      load-dead-letters    = ["notBreaching", "GreaterThanOrEqualToThreshold", "Maximum", 300, 1, 1]
      retry-dead-letters   = ["notBreaching", "GreaterThanOrEqualToThreshold", "Maximum", 300, 1, 1]
      events-delivery-late = ["notBreaching", "GreaterThanOrEqualToThreshold", "Maximum", 300, 1, 900]
      users-delivery-late  = ["notBreaching", "GreaterThanOrEqualToThreshold", "Maximum", 300, 1, 900]
      api-unavailable      = ["notBreaching", "GreaterThanOrEqualToThreshold", "Sum", 300, 2, 1]
      load-late            = ["notBreaching", "GreaterThanOrEqualToThreshold", "Maximum", 300, 1, 900]
      load-not-running     = ["breaching", "LessThanThreshold", "Sum", 180, 3, 1]
      quarantined          = ["notBreaching", "GreaterThanOrEqualToThreshold", "Sum", 300, 1, 1]
      deletion-stuck       = ["notBreaching", "GreaterThanOrEqualToThreshold", "Sum", 300, 1, 1]
      page-down            = ["breaching", "LessThanThreshold", "Minimum", 300, 3, 1]
    }
    error_message = "These alarms there are: none rings because nothing happens, but for those on a load that does not run and on a page that is down."
  }

  assert {
    condition = { for k, alarm in aws_cloudwatch_metric_alarm.this : k => "${alarm.namespace} ${alarm.metric_name} ${jsonencode(alarm.dimensions)}" } == {
      collect-errors       = "AWS/Lambda Errors {\"FunctionName\":\"loaf-test-collect\"}"
      update-errors        = "AWS/Lambda Errors {\"FunctionName\":\"loaf-test-update\"}"
      load-errors          = "AWS/Lambda Errors {\"FunctionName\":\"loaf-test-load\"}"
      collect-throttled    = "AWS/Lambda Throttles {\"FunctionName\":\"loaf-test-collect\"}"
      update-throttled     = "AWS/Lambda Throttles {\"FunctionName\":\"loaf-test-update\"}"
      load-dead-letters    = "AWS/SQS ApproximateNumberOfMessagesVisible {\"QueueName\":\"loaf-test-load-dlq\"}"
      retry-dead-letters   = "AWS/SQS ApproximateNumberOfMessagesVisible {\"QueueName\":\"loaf-test-retry-dlq\"}"
      events-delivery-late = "AWS/Firehose DeliveryToS3.DataFreshness {\"DeliveryStreamName\":\"loaf-test-events\"}"
      users-delivery-late  = "AWS/Firehose DeliveryToS3.DataFreshness {\"DeliveryStreamName\":\"loaf-test-users\"}"
      api-unavailable      = "AWS/ApiGateway 5XXError {\"ApiName\":\"loaf-test\",\"Stage\":\"live\"}"
      load-late            = "AWS/SQS ApproximateAgeOfOldestMessage {\"QueueName\":\"loaf-test-load\"}"
      load-not-running     = "AWS/Lambda Invocations {\"FunctionName\":\"loaf-test-load\"}"
      quarantined          = "DataLoaf/loaf-test QuarantinedObjects null"
      deletion-stuck       = "DataLoaf/loaf-test StuckDeletions null"
      page-down            = "AWS/AutoScaling GroupInServiceInstances {\"AutoScalingGroupName\":\"loaf-test-insights\"}"
    }
    error_message = "Each alarm watches a metric of this stack alone."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:mocked"]) && alarm.ok_actions == toset(["arn:aws:sns:eu-central-1:123456789012:mocked"])])
    error_message = "Every alarm tells the topic, when it begins and when it ends."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : startswith(alarm.alarm_name, "loaf-test-") && length(alarm.alarm_description) > 40 && length(alarm.alarm_description) <= 1024 && alarm.datapoints_to_alarm == alarm.evaluation_periods])
    error_message = "Every alarm is named by the stack and says what to look at."
  }

  assert {
    condition = jsondecode(aws_sns_topic_policy.alarms.policy).Statement == [{
      Sid       = "AlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:eu-central-1:123456789012:mocked"
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
    error_message = "Only alarms of this account publish to the topic."
  }

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "Nobody is mailed unless asked for."
  }

  assert {
    condition     = { for k, f in aws_cloudwatch_log_metric_filter.quarantined : k => [f.log_group_name, f.pattern, f.metric_transformation[0].namespace, f.metric_transformation[0].name] } == { for k in ["load", "update"] : k => ["/aws/lambda/loaf-test-${k}", "{ $.msg = \"an object is quarantined\" }", aws_cloudwatch_metric_alarm.this["quarantined"].namespace, aws_cloudwatch_metric_alarm.this["quarantined"].metric_name] }
    error_message = "Objects set aside are counted in the logs, as load and update write it."
  }

  assert {
    condition     = [for f in aws_cloudwatch_log_metric_filter.deletions : [f.log_group_name, f.pattern, f.metric_transformation[0].namespace, f.metric_transformation[0].name]] == [["/aws/lambda/loaf-test-load", "{ $.msg = \"a deletion is given up\" || $.msg = \"a deletion is late\" }", aws_cloudwatch_metric_alarm.this["deletion-stuck"].namespace, aws_cloudwatch_metric_alarm.this["deletion-stuck"].metric_name]]
    error_message = "Deletions that are stuck are counted in the log, as load writes it."
  }

  assert {
    condition     = alltrue([for r in concat([aws_sns_topic.alarms], values(aws_cloudwatch_metric_alarm.this)) : r.tags["dataloaf:stack"] == "loaf-test" && r.tags.team == "product"])
    error_message = "Everything carries the stack's tag and the caller's."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 9 && alltrue([for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : w.properties.region == "eu-central-1" && length(w.properties.metrics) > 0])
    error_message = "The dashboard has nine charts of this region."
  }

  assert {
    condition     = length(output.alarm_names) == 15 && output.dashboard == "loaf-test"
    error_message = "The outputs name what was made."
  }
}

run "everything" {
  command = apply

  module {
    source = "./modules/observability"
  }

  variables {
    insights              = { autoscaling_group = "loaf-test-insights", load_balancer = { load_balancer = "app/loaf/1", target_group = "targetgroup/loaf/1" } }
    alarm_email           = "ops+loaf@mail.example.com"
    silent_after_hours    = 24
    late_after_minutes    = 5
    load_interval_minutes = 1440
    serverless_workgroup  = "loaf-test"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["page-down"].namespace == "AWS/ApplicationELB" && aws_cloudwatch_metric_alarm.this["page-down"].metric_name == "HealthyHostCount" && aws_cloudwatch_metric_alarm.this["page-down"].dimensions == tomap({ LoadBalancer = "app/loaf/1", TargetGroup = "targetgroup/loaf/1" })
    error_message = "With a domain the load balancer says whether the page answers."
  }

  assert {
    condition     = [aws_cloudwatch_metric_alarm.this["nothing-accepted"].treat_missing_data, aws_cloudwatch_metric_alarm.this["nothing-accepted"].evaluation_periods, aws_cloudwatch_metric_alarm.this["nothing-accepted"].period, aws_cloudwatch_metric_alarm.this["nothing-accepted"].comparison_operator, aws_cloudwatch_metric_alarm.this["nothing-accepted"].dimensions["DeliveryStreamName"]] == ["breaching", 24, 3600, "LessThanThreshold", "loaf-test-events"]
    error_message = "Silence rings after as many hours as were asked for; no data is silence."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["load-late"].threshold == 300 && aws_cloudwatch_metric_alarm.this["load-not-running"].period == 86400
    error_message = "An object is late after the minutes asked for; a load is missed by its own interval."
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "ops+loaf@mail.example.com" && aws_sns_topic_subscription.email[0].protocol == "email" && aws_sns_topic_subscription.email[0].topic_arn == aws_sns_topic.alarms.arn
    error_message = "The address is subscribed."
  }

  assert {
    condition     = length(output.alarm_names) == 16 && strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "ComputeSeconds")
    error_message = "Silence is one alarm more; with Redshift Serverless the dashboard shows what is billed."
  }
}

run "collection_only" {
  command = apply

  module {
    source = "./modules/observability"
  }

  variables {
    functions          = { collect = "loaf-test-collect", update = "loaf-test-update" }
    queues             = {}
    silent_after_hours = 1
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["collect-errors", "update-errors", "collect-throttled", "update-throttled", "events-delivery-late", "users-delivery-late", "api-unavailable", "nothing-accepted"])
    error_message = "Without a warehouse and a page nothing rings for them."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["nothing-accepted"].evaluation_periods == 1
    error_message = "Silence may be an hour."
  }

  assert {
    condition     = length(aws_cloudwatch_log_metric_filter.quarantined) == 0 && length(aws_cloudwatch_log_metric_filter.deletions) == 0 && length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 6
    error_message = "Nor are their objects counted and charts drawn."
  }
}

# --- what is refused --------------------------------------------------------------

run "address_without_an_at" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    alarm_email = "ops.example.com"
  }

  expect_failures = [var.alarm_email]
}

run "address_without_a_domain" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    alarm_email = "ops@example"
  }

  expect_failures = [var.alarm_email]
}

run "two_addresses" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    alarm_email = "ops@example.com, dev@example.com"
  }

  expect_failures = [var.alarm_email]
}

run "late_too_soon" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    late_after_minutes = 4
  }

  expect_failures = [var.late_after_minutes]
}

run "late_no_whole_number" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    late_after_minutes = 7.5
  }

  expect_failures = [var.late_after_minutes]
}

run "silent_for_no_time" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    silent_after_hours = 0
  }

  expect_failures = [var.silent_after_hours]
}

run "silent_for_too_long" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    silent_after_hours = 25
  }

  expect_failures = [var.silent_after_hours]
}

run "silent_no_whole_number" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    silent_after_hours = 1.5
  }

  expect_failures = [var.silent_after_hours]
}
