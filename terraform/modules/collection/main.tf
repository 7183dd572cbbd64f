data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_ec2_managed_prefix_list" "s3" {
  count = local.loads ? 1 : 0
  name  = "com.amazonaws.${data.aws_region.current.id}.s3"
}

locals {
  tags    = merge(var.tags, { "dataloaf:stack" = var.name })
  loads   = var.warehouse != null
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.id

  # What a program may read of its surroundings, all in one place. The names are those
  # of functions/cmd.
  connection = local.loads ? {
    LOAF_WAREHOUSE_HOST     = var.warehouse.host
    LOAF_WAREHOUSE_PORT     = tostring(var.warehouse.port)
    LOAF_WAREHOUSE_DATABASE = var.warehouse.database
  } : {}

  functions = merge(
    {
      # Outside the VPC: it needs Firehose alone, and starts faster.
      collect = {
        description = "Takes events and new users, and hands them to Firehose"
        memory      = 512
        timeout     = 30
        vpc         = false
        environment = {
          LOAF_EVENTS_STREAM = aws_kinesis_firehose_delivery_stream.this["events"].name
          LOAF_USERS_STREAM  = aws_kinesis_firehose_delivery_stream.this["users"].name
        }
      }
      update = {
        description = "Takes user updates, stores them raw and merges them into the warehouse"
        memory      = 512
        timeout     = 30
        vpc         = local.loads
        environment = merge(local.connection, { LOAF_USERS_BUCKET = aws_s3_bucket.raw["users"].bucket }, local.loads ? {
          LOAF_RETRY_QUEUE_URL  = aws_sqs_queue.this["retry"].url
          LOAF_WAREHOUSE_SECRET = var.warehouse.secret_arns.update
        } : {})
      }
    },
    local.loads ? {
      load = {
        description = "Loads raw objects into the warehouse"
        # A whole processor: it reads what it loads.
        memory  = 1769
        timeout = 900
        vpc     = true
        environment = merge(local.connection, {
          LOAF_EVENTS_BUCKET          = aws_s3_bucket.raw["events"].bucket
          LOAF_USERS_BUCKET           = aws_s3_bucket.raw["users"].bucket
          LOAF_LOAD_QUEUE_URL         = aws_sqs_queue.this["load"].url
          LOAF_COPY_ROLE_ARN          = var.warehouse.copy_role_arn
          LOAF_WAREHOUSE_SECRET       = var.warehouse.secret_arns.load
          LOAF_UPDATE_SECRET          = var.warehouse.secret_arns.update
          LOAF_INSIGHTS_SECRET        = var.warehouse.secret_arns.insights
          LOAF_WAREHOUSE_ADMIN_SECRET = var.warehouse.admin_secret_arn
          # The first run of each deployment migrates: a marker of this name tells it
          # whether it is the first.
          LOAF_DEPLOYMENT = substr(sha256("${var.warehouse.identity}#${local.hashes["load"]}"), 0, 16)
          }, { for name, days in {
            LOAF_EVENT_RETENTION_DAYS = var.event_retention_days
            LOAF_RAW_RETENTION_DAYS   = var.raw_retention_days
          } : name => tostring(days) if days != null }, var.idle_load_interval_minutes == null ? {} : {
          LOAF_IDLE_LOAD_INTERVAL_MINUTES = tostring(var.idle_load_interval_minutes)
          LOAF_LOAD_INTERVAL_MINUTES      = tostring(var.load_interval_minutes)
        })
      }
    } : {}
  )
}
