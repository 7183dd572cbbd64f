data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_route53_zone" "this" {
  count   = local.has_domain ? 1 : 0
  zone_id = var.zone_id

  lifecycle {
    postcondition {
      condition     = var.domain == trimsuffix(self.name, ".") || endswith(var.domain, ".${trimsuffix(self.name, ".")}")
      error_message = "The domain ${var.domain} does not lie in the hosted zone ${var.zone_id}, which is ${self.name}: give the zone of the domain, or a domain of the zone."
    }

    postcondition {
      condition     = self.private_zone != true
      error_message = "The hosted zone ${var.zone_id} is a private one; a certificate needs a record that everybody can read: give a public zone."
    }
  }
}

locals {
  tags       = merge(var.tags, { "dataloaf:stack" = var.name })
  has_domain = var.domain != null
  private    = length(var.private_subnet_ids) > 0
  subnet_ids = local.private ? var.private_subnet_ids : var.public_subnet_ids
  group      = "${var.name}-insights"
  url        = local.has_domain ? "https://${var.domain}" : "https://${aws_eip.this[0].public_ip}"

  ipv4 = [for c in var.allowed_cidrs : c if !strcontains(c, ":")]
  ipv6 = [for c in var.allowed_cidrs : c if strcontains(c, ":")]

  bundle      = "${var.artifacts_dir}/insights.tar.gz"
  bundle_hash = try(filesha256(local.bundle), "missing")
  manifest    = try(jsondecode(file("${var.artifacts_dir}/manifest.json")), null)
  remedy      = "Get it with `loafctl artifacts --dir ${var.artifacts_dir}`, from a release's download, or with scripts/build-artifacts in a checkout, or set artifacts_dir to where it is."
}

module "secret" {
  source = "../secret"

  name        = "${var.name}/insights"
  description = "Admin password and session key of the insights page of the DataLoaf stack ${var.name}."
  generated   = ["admin_password", "session_key"]
  generation  = var.password_generation
  tags        = local.tags
}

# --- what the instance installs -------------------------------------------------------

# The instance alone reads it, and what is in it is published with every release.
#tfsec:ignore:aws-s3-enable-bucket-logging
resource "aws_s3_bucket" "artifacts" {
  bucket = "${var.name}-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.id}-artifacts"
  # It holds nothing that artifacts_dir has not.
  force_destroy = true
  tags          = local.tags
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  bucket                  = aws_s3_bucket.artifacts.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  versioning_configuration {
    status = "Enabled"
  }
}

# S3's own keys, as for the raw buckets; and nothing in it is secret.
#tfsec:ignore:aws-s3-encryption-customer-key
resource "aws_s3_bucket_server_side_encryption_configuration" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "S3:*" # in capitals for the reason given at the raw buckets
      Resource  = [aws_s3_bucket.artifacts.arn, "${aws_s3_bucket.artifacts.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.artifacts]
}

resource "aws_s3_bucket_lifecycle_configuration" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

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

  depends_on = [aws_s3_bucket_versioning.artifacts]
}

# Named by what it holds: an instance that starts during an upgrade finds its own.
resource "aws_s3_object" "bundle" {
  bucket       = aws_s3_bucket.artifacts.id
  key          = "insights-${substr(local.bundle_hash, 0, 16)}.tar.gz"
  source       = local.bundle
  source_hash  = local.bundle_hash
  content_type = "application/gzip"
  tags         = local.tags

  depends_on = [aws_s3_bucket_versioning.artifacts, aws_s3_bucket_server_side_encryption_configuration.artifacts]

  lifecycle {
    precondition {
      condition     = local.bundle_hash != "missing" && local.manifest != null
      error_message = "There is no ${fileexists(local.bundle) ? "manifest.json" : "insights.tar.gz"} in ${var.artifacts_dir}. ${local.remedy}"
    }

    precondition {
      condition     = local.manifest == null || try(local.manifest.architecture, "") == "arm64"
      error_message = "The bundle in ${var.artifacts_dir} is for ${try(local.manifest.architecture, "no architecture that is known")}; the instance runs on arm64. ${local.remedy}"
    }

    precondition {
      condition     = local.manifest == null || local.bundle_hash == "missing" || try(local.manifest.artifacts["insights.tar.gz"].sha256, "") == local.bundle_hash
      error_message = "insights.tar.gz in ${var.artifacts_dir} is not the one that manifest.json beside it names: part of a download is missing, or two versions are mixed. ${local.remedy}"
    }
  }
}

# --- the instance -----------------------------------------------------------------------

# The page's address where there is no domain. The instance takes it at every boot, so
# that it outlives the instance.
resource "aws_eip" "this" {
  count = local.has_domain ? 0 : 1

  domain = "vpc"
  tags   = merge(local.tags, { Name = local.group })
}

resource "aws_launch_template" "this" {
  name        = local.group
  description = "Insights page of the DataLoaf stack ${var.name}"
  # Looked up at each launch: a healed instance has the newest image, and a plan does
  # not differ because Amazon made one.
  # https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html
  image_id               = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
  instance_type          = var.instance_type
  update_default_version = true

  user_data = base64encode(templatefile("${path.module}/templates/user-data.sh.tftpl", {
    bucket = aws_s3_bucket.artifacts.bucket
    key    = aws_s3_object.bundle.key
    sha256 = local.bundle_hash
    environment = merge({
      AWS_REGION              = data.aws_region.current.id
      LOAF_STACK              = var.name
      LOAF_WAREHOUSE_HOST     = var.warehouse.host
      LOAF_WAREHOUSE_PORT     = tostring(var.warehouse.port)
      LOAF_WAREHOUSE_DATABASE = var.warehouse.database
      LOAF_WAREHOUSE_SECRET   = var.warehouse.secret_arns.insights
      LOAF_INSIGHTS_SECRET    = module.secret.arn
      LOAF_ADMIN_EMAIL        = var.admin_email
      LOAF_LOAD_QUEUE_URL     = var.queues.urls.load
      LOAF_RETRY_QUEUE_URL    = var.queues.urls.retry
      LOAF_COLLECTION_URL     = var.collection_url
      LOAF_LOAD_STATE         = "s3://${var.load_state.bucket}/${var.load_state.key}"
      LOAF_ALERT_TOPICS       = join(",", var.alert_topic_arns)
      LOAF_PUBLIC_URL         = local.url
      LOAF_TLS                = local.has_domain ? "load-balancer" : "self-signed"
      LOAF_TRUSTED_NETWORKS   = local.has_domain ? join(",", var.vpc_cidrs) : ""
      LOAF_EIP_ALLOCATION_ID  = local.has_domain ? "" : aws_eip.this[0].id
      LOAF_ASG                = local.group
      }, var.ask_state == null ? {} : {
      LOAF_ASK_STATE = "s3://${var.ask_state.bucket}/${var.ask_state.key}"
    })
  }))

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  # A public address of its own is the way to the public image gallery and to AWS; who
  # may come in is the security group's to say.
  network_interfaces {
    associate_public_ip_address = local.private ? "false" : "true"
    delete_on_termination       = "true"
    security_groups             = [aws_security_group.instance.id]
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # One hop more than the instance itself: the server runs in a container.
    http_put_response_hop_limit = 2
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = 20
      encrypted             = "true"
      delete_on_termination = "true"
    }
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "network-interface", "volume"])

    content {
      resource_type = tag_specifications.value
      tags          = merge(local.tags, { Name = local.group })
    }
  }

  lifecycle {
    # The tags of the template itself are made below.
    ignore_changes = [tags, tags_all]
  }
}

# Given with the template, its own tags are taken by some for those of what it launches.
resource "aws_ec2_tag" "launch_template" {
  for_each = local.tags

  resource_id = aws_launch_template.this.id
  key         = each.key
  value       = each.value
}

# A group of one, so that an instance that fails is replaced.
resource "aws_autoscaling_group" "this" {
  name                = local.group
  min_size            = 1
  max_size            = 1
  desired_capacity    = 1
  vpc_zone_identifier = local.subnet_ids
  target_group_arns   = aws_lb_target_group.this[*].arn
  # Without a load balancer the instance itself says when its page does not answer.
  health_check_type         = local.has_domain ? "ELB" : "EC2"
  health_check_grace_period = 600
  enabled_metrics           = ["GroupInServiceInstances"]
  # Installing takes minutes; the alarm on it tells when it did not end well.
  wait_for_capacity_timeout = "0"

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  # A new version of the page: the old instance goes, a new one comes.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 0
      instance_warmup        = 300
    }
  }

  dynamic "tag" {
    for_each = merge(local.tags, { Name = local.group })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = false # the launch template tags them
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_security_group" "instance" {
  name        = local.group
  description = "The insights instance"
  vpc_id      = var.vpc_id
  tags        = merge(local.tags, { Name = local.group })
}

# Its images, packages and AWS: their addresses have no names that a rule knows.
#tfsec:ignore:aws-ec2-no-public-egress-sgr
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.instance.id
  description       = "HTTPS to AWS, the image gallery and packages"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = local.tags
}

resource "aws_vpc_security_group_egress_rule" "warehouse" {
  security_group_id            = aws_security_group.instance.id
  referenced_security_group_id = var.warehouse.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.warehouse.port
  to_port                      = var.warehouse.port
  tags                         = merge(local.tags, { Name = "Redshift" })
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  count = local.has_domain ? 1 : 0

  security_group_id            = aws_security_group.instance.id
  referenced_security_group_id = aws_security_group.balancer[0].id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  tags                         = merge(local.tags, { Name = "HTTP from the load balancer" })
}

# --- the door: who may open the page ----------------------------------------------------

locals {
  # Port 80 only sends browsers on to 443.
  doors = { for d in setproduct(["80", "443"], var.allowed_cidrs) : "${d[0]} from ${d[1]}" => { port = tonumber(d[0]), cidr = d[1] } }
}

# A range of all addresses is let pass only where allow_public_insights says so.
#tfsec:ignore:aws-ec2-no-public-ingress-sgr
resource "aws_vpc_security_group_ingress_rule" "door" {
  for_each = local.doors

  security_group_id = local.has_domain ? aws_security_group.balancer[0].id : aws_security_group.instance.id
  description       = "Port ${each.key}"
  cidr_ipv4         = contains(local.ipv4, each.value.cidr) ? each.value.cidr : null
  cidr_ipv6         = contains(local.ipv6, each.value.cidr) ? each.value.cidr : null
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  tags              = local.tags
}

# --- what the instance may do -------------------------------------------------------------

resource "aws_iam_role" "this" {
  name        = local.group
  description = "Insights instance of the DataLoaf stack ${var.name}"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

# SSM instead of SSH: sessions are logged by name, and no port is open for them. What
# AmazonSSMManagedInstanceCore allows beyond sessions is left out. These know no resources.
# https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
#tfsec:ignore:aws-iam-no-policy-wildcards
resource "aws_iam_role_policy" "ssm" {
  name = "sessions"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "TakeSessions"
      Effect = "Allow"
      Action = [
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]
      Resource = "*"
    }]
  })
}

# An instance has no name before it is launched: the address may be given to those of
# this stack's tag alone.
#tfsec:ignore:aws-iam-no-policy-wildcards
resource "aws_iam_role_policy" "this" {
  name = "work"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "InstallTheBundle"
          Effect   = "Allow"
          Action   = "s3:GetObject"
          Resource = "${aws_s3_bucket.artifacts.arn}/*"
        },
        {
          Sid      = "ReadItsSecrets"
          Effect   = "Allow"
          Action   = "secretsmanager:GetSecretValue"
          Resource = [module.secret.arn, var.warehouse.secret_arns.insights]
        },
        {
          Sid      = "CountWhatWaits"
          Effect   = "Allow"
          Action   = "sqs:GetQueueAttributes"
          Resource = values(var.queues.arns)
        },
        {
          Sid      = "HearOfLoads"
          Effect   = "Allow"
          Action   = "s3:GetObject"
          Resource = "${var.load_state.bucket_arn}/${var.load_state.key}"
        },
        {
          # Without it S3 answers 403 before the first load, as if it might be there.
          Sid       = "TellThatThereIsNone"
          Effect    = "Allow"
          Action    = "s3:ListBucket"
          Resource  = var.load_state.bucket_arn
          Condition = { StringEquals = { "s3:prefix" = var.load_state.key } }
        },
        {
          Sid      = "AskToBeReplaced"
          Effect   = "Allow"
          Action   = "autoscaling:SetInstanceHealth"
          Resource = "arn:${data.aws_partition.current.partition}:autoscaling:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:autoScalingGroup:*:autoScalingGroupName/${local.group}"
        },
      ],
      [for statement in [
        {
          Sid      = "PublishAlerts"
          Effect   = "Allow"
          Action   = "sns:Publish"
          Resource = var.alert_topic_arns
        },
      ] : statement if length(var.alert_topic_arns) > 0],
      [for statement in [
        {
          Sid      = "TellLoadsOfQuestions"
          Effect   = "Allow"
          Action   = "s3:PutObject"
          Resource = try(var.ask_state.arn, "")
        },
      ] : statement if var.ask_state != null],
      [for statement in [
        {
          Sid      = "TakeItsAddress"
          Effect   = "Allow"
          Action   = "ec2:AssociateAddress"
          Resource = one(aws_eip.this[*].arn)
        },
        {
          Sid    = "ForItself"
          Effect = "Allow"
          Action = "ec2:AssociateAddress"
          Resource = [for kind in ["instance", "network-interface"] :
          "arn:${data.aws_partition.current.partition}:ec2:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:${kind}/*"]
          Condition = { StringEquals = { "aws:ResourceTag/dataloaf:stack" = var.name } }
        },
      ] : statement if !local.has_domain],
    )
  })
}

resource "aws_iam_instance_profile" "this" {
  name = local.group
  role = aws_iam_role.this.name
  tags = local.tags
}
