resource "aws_cloudwatch_log_group" "firehose" {
  name              = "/dataloaf/${var.name}/firehose"
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_cloudwatch_log_stream" "firehose" {
  for_each = local.raw

  name           = each.key
  log_group_name = aws_cloudwatch_log_group.firehose.name
}

resource "aws_kinesis_firehose_delivery_stream" "this" {
  for_each = local.raw

  name        = "${var.name}-${each.key}"
  destination = "extended_s3"
  tags        = local.tags

  # Records lie in the stream for about a minute; AWS's own key costs nothing.
  server_side_encryption {
    enabled  = true
    key_type = "AWS_OWNED_CMK"
  }

  extended_s3_configuration {
    role_arn           = aws_iam_role.firehose.arn
    bucket_arn         = aws_s3_bucket.raw[each.key].arn
    compression_format = "GZIP"
    file_extension     = ".ndjson.gz"
    # yyyy is the year of the calendar; YYYY, the week's year, is wrong around New Year.
    prefix              = "${each.key}/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/!{timestamp:HH}/"
    error_output_prefix = "errors/${each.key}/!{firehose:error-output-type}/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/!{timestamp:HH}/"
    # Whatever comes first: a load every three minutes wants objects of a minute.
    buffering_interval = 60
    buffering_size     = 64

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.firehose.name
      log_stream_name = aws_cloudwatch_log_stream.firehose[each.key].name
    }
  }

  depends_on = [aws_iam_role_policy.firehose]
}

resource "aws_iam_role" "firehose" {
  name        = "${var.name}-firehose"
  description = "Firehose of the DataLoaf stack ${var.name}: writes raw objects"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "firehose.amazonaws.com" }
      Condition = { StringEquals = { "sts:ExternalId" = local.account } }
    }]
  })
}

# Firehose chooses the objects' names.
#tfsec:ignore:aws-iam-no-policy-wildcards
resource "aws_iam_role_policy" "firehose" {
  name = "deliver"
  role = aws_iam_role.firehose.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "WriteObjects"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
        Resource = flatten([for k, b in aws_s3_bucket.raw : ["${b.arn}/${k}/*", "${b.arn}/errors/*"]])
      },
      {
        Sid      = "KnowTheBuckets"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = [for b in aws_s3_bucket.raw : b.arn]
      },
      {
        Sid      = "SayWhatFailed"
        Effect   = "Allow"
        Action   = "logs:PutLogEvents"
        Resource = [for s in aws_cloudwatch_log_stream.firehose : s.arn]
      },
    ]
  })
}
