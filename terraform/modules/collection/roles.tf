# What each function may do; docs/security.md says why.

locals {
  log_rights = { for f in keys(local.names) : f => [{
    Sid      = "WriteItsLog"
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = ["${aws_cloudwatch_log_group.function[f].arn}:*"]
  }] }

  # EC2 knows no resources for these:
  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
  vpc_rights = [{
    Sid      = "StandInTheVPC"
    Effect   = "Allow"
    Action   = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
    Resource = ["*"]
  }]

  rights = {
    collect = [{
      Sid      = "HandToFirehose"
      Effect   = "Allow"
      Action   = ["firehose:PutRecordBatch"]
      Resource = [for s in aws_kinesis_firehose_delivery_stream.this : s.arn]
    }]

    update = concat(
      [{
        Sid      = "StoreAndReadUpdates"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = ["${aws_s3_bucket.raw["users"].arn}/updates/*"]
        }, {
        # Without it S3 answers 403 where an object is missing, as if it might be there.
        Sid       = "TellWhatIsMissing"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = [aws_s3_bucket.raw["users"].arn]
        Condition = { StringLike = { "s3:prefix" = ["updates/*"] } }
      }],
      [for statement in concat(local.vpc_rights, [
        {
          Sid      = "WaitInTheRetryQueue"
          Effect   = "Allow"
          Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"]
          Resource = [try(aws_sqs_queue.this["retry"].arn, "")]
        },
        {
          Sid      = "LogInToTheWarehouse"
          Effect   = "Allow"
          Action   = ["secretsmanager:GetSecretValue"]
          Resource = [try(var.warehouse.secret_arns.update, "")]
        },
      ]) : statement if local.loads]
    )

    load = concat(local.vpc_rights, [
      {
        Sid      = "ReadRawObjects"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = flatten([for k, b in aws_s3_bucket.raw : [for p in local.raw_prefixes[k] : "${b.arn}/${p}*"]])
      },
      {
        Sid      = "FindThem"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:ListBucketVersions"]
        Resource = [for b in aws_s3_bucket.raw : b.arn]
      },
      {
        # For the deletion of a user's data alone: objects are put again without the
        # user's lines, and the versions that had them removed. No current object can be
        # deleted.
        Sid      = "DeleteUsersData"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:GetObjectVersion", "s3:DeleteObjectVersion"]
        Resource = flatten([for k, b in aws_s3_bucket.raw : [for p in local.raw_prefixes[k] : "${b.arn}/${p}*"]])
      },
      {
        Sid      = "KeepManifestsAndMarkers"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = ["${aws_s3_bucket.raw["events"].arn}/manifests/*", "${aws_s3_bucket.raw["events"].arn}/state/*"]
      },
      {
        Sid      = "TakeFromTheQueue"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = [try(aws_sqs_queue.this["load"].arn, "")]
      },
      {
        # The admin's for the first run of a deployment, which makes the other users.
        Sid      = "LogInToTheWarehouse"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = try(concat([for k in ["load", "update", "insights"] : var.warehouse.secret_arns[k]], [var.warehouse.admin_secret_arn]), [])
      },
    ])
  }
}

resource "aws_iam_role" "function" {
  for_each = local.names

  name        = "${var.name}-${each.key}"
  description = "Function ${each.key} of the DataLoaf stack ${var.name}"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

# Raw objects and log streams have no names before they are made, and network interfaces
# have none at all.
#tfsec:ignore:aws-iam-no-policy-wildcards
resource "aws_iam_role_policy" "function" {
  for_each = local.names

  name = "work"
  role = aws_iam_role.function[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.log_rights[each.key], local.rights[each.key])
  })
}
