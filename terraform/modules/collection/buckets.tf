# Raw objects: what was accepted, for ever, or for raw_retention_days or, events,
# event_retention_days.

locals {
  raw = {
    events = "events"
    users  = "users"
  }
  # The folders that hold raw objects; the rest of a bucket is the load's own.
  raw_prefixes = {
    events = ["events/"]
    users  = ["users/", "updates/"]
  }
  # Days after which objects of a folder are deleted, of the variables that say so: the
  # fewest count.
  raw_days = {
    "events/"  = compact([var.raw_retention_days, var.event_retention_days])
    "users/"   = compact([var.raw_retention_days])
    "updates/" = compact([var.raw_retention_days])
  }
  own_prefixes = {
    events = ["manifests/", "errors/"]
    users  = ["errors/"]
  }
}

# Access is by the functions of this stack alone, and API Gateway logs every call that
# makes them write. Server access logs would only repeat it, in a third bucket.
#tfsec:ignore:aws-s3-enable-bucket-logging
resource "aws_s3_bucket" "raw" {
  for_each = local.raw

  bucket        = "${var.name}-${local.account}-${local.region}-${each.value}"
  force_destroy = var.force_destroy
  tags          = local.tags
}

resource "aws_s3_bucket_public_access_block" "raw" {
  for_each = local.raw

  bucket                  = aws_s3_bucket.raw[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "raw" {
  for_each = local.raw

  bucket = aws_s3_bucket.raw[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "raw" {
  for_each = local.raw

  bucket = aws_s3_bucket.raw[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

# S3's own keys: one of the customer's is billed for every object that Firehose writes
# and COPY reads, and who may read is said by the roles already.
#tfsec:ignore:aws-s3-encryption-customer-key
resource "aws_s3_bucket_server_side_encryption_configuration" "raw" {
  for_each = local.raw

  bucket = aws_s3_bucket.raw[each.key].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# Actions are compared without regard to case. In capitals, emulators of S3 that take a
# Deny without its condition do not lock everybody out, and a stack can be tried on them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
resource "aws_s3_bucket_policy" "raw" {
  for_each = local.raw

  bucket = aws_s3_bucket.raw[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "S3:*"
      Resource  = [aws_s3_bucket.raw[each.key].arn, "${aws_s3_bucket.raw[each.key].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # A bucket takes one change of its configuration at a time.
  depends_on = [aws_s3_bucket_public_access_block.raw]
}

resource "aws_s3_bucket_lifecycle_configuration" "raw" {
  for_each = local.raw

  bucket = aws_s3_bucket.raw[each.key].id

  rule {
    id     = "remains"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }

  dynamic "rule" {
    for_each = toset(local.own_prefixes[each.key])

    content {
      id     = "expire-${trimsuffix(rule.value, "/")}"
      status = "Enabled"

      filter {
        prefix = rule.value
      }

      expiration {
        days = 30
      }
    }
  }

  dynamic "rule" {
    for_each = toset([for p in local.raw_prefixes[each.key] : p if length(local.raw_days[p]) > 0])

    content {
      id     = "retention-${trimsuffix(rule.value, "/")}"
      status = "Enabled"

      filter {
        prefix = rule.value
      }

      expiration {
        days = min([for d in local.raw_days[rule.value] : tonumber(d)]...)
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.raw]
}

# The loader hears of new events and users. Updates are merged by the update function
# itself, or come by the retry queue: hearing of each would wake the warehouse twice.
resource "aws_s3_bucket_notification" "raw" {
  for_each = local.loads ? local.raw : {}

  bucket = aws_s3_bucket.raw[each.key].id

  queue {
    id            = "load"
    queue_arn     = aws_sqs_queue.this["load"].arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "${each.key}/"
  }

  depends_on = [aws_sqs_queue_policy.load]
}
