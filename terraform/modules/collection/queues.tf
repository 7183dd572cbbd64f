# What waits: raw objects for the load, updates for the warehouse to be back. Each queue
# has a dead-letter queue, which an alarm watches.

locals {
  queues = local.loads ? {
    load = {
      # It outlasts a run of the load function, so that no other takes what it has.
      visibility = 960
      attempts   = 10
    }
    retry = {
      # Six times the function's timeout, as AWS advises:
      # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibility = 180
      # Three hours of an outage; after that the daily sweep merges what waits.
      attempts = 60
    }
  } : {}
}

resource "aws_sqs_queue" "dead_letter" {
  for_each = local.queues

  name                      = "${var.name}-${each.key}-dlq"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = local.tags
}

resource "aws_sqs_queue" "this" {
  for_each = local.queues

  name                       = "${var.name}-${each.key}"
  message_retention_seconds  = 1209600
  visibility_timeout_seconds = each.value.visibility
  sqs_managed_sse_enabled    = true
  tags                       = local.tags

  lifecycle {
    ignore_changes = [redrive_policy] # below
  }
}

resource "aws_sqs_queue_redrive_policy" "this" {
  for_each = local.queues

  queue_url = aws_sqs_queue.this[each.key].id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter[each.key].arn
    maxReceiveCount     = each.value.attempts
  })
}

resource "aws_sqs_queue_policy" "load" {
  count = local.loads ? 1 : 0

  queue_url = aws_sqs_queue.this["load"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "BucketsSayWhatIsNew"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.this["load"].arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = [for b in aws_s3_bucket.raw : b.arn] }
        StringEquals = { "aws:SourceAccount" = local.account }
      }
    }]
  })

  # One change of a queue's attributes at a time.
  depends_on = [aws_sqs_queue_redrive_policy.this]
}
