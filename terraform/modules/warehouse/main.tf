data "aws_region" "current" {}

# The address ranges of S3 in this region, as a name that security groups know.
data "aws_ec2_managed_prefix_list" "s3" {
  name = "com.amazonaws.${data.aws_region.current.id}.s3"
}

locals {
  tags       = merge(var.tags, { "dataloaf:stack" = var.name })
  serverless = var.type == "serverless"
  database   = "dataloaf"
  port       = 5439

  # Of these users the load Lambda's first run makes the database's own. None is the admin.
  users = {
    load     = "Owner of the tables: migrates and loads"
    update   = "Merges user updates"
    insights = "Reads for the insights page"
  }
}

module "secret" {
  source   = "../secret"
  for_each = local.users

  name        = "${var.name}/warehouse/${each.key}"
  description = "Database user loaf_${each.key} of the DataLoaf stack ${var.name}. ${each.value}."
  content     = { username = "loaf_${each.key}" }
  generated   = ["password"]
  generation  = var.password_generation
  tags        = local.tags
}

resource "aws_security_group" "this" {
  name        = "${var.name}-warehouse"
  description = "The warehouse: reachable by the load and update functions and the insights server only"
  vpc_id      = var.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-warehouse" })
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.clients

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  tags                         = merge(local.tags, { Name = "Redshift from ${each.key}" })
}

# COPY, through the S3 gateway endpoint.
resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = aws_security_group.this.id
  prefix_list_id    = data.aws_ec2_managed_prefix_list.s3.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = merge(local.tags, { Name = "HTTPS to S3" })
}

resource "aws_iam_role" "copy" {
  name        = "${var.name}-copy"
  description = "Redshift of the DataLoaf stack ${var.name}: COPY from its raw buckets"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = local.serverless ? ["redshift-serverless.amazonaws.com", "redshift.amazonaws.com"] : ["redshift.amazonaws.com"] }
    }]
  })
}

# Every object of the raw prefixes is COPY's to read; nothing else in the buckets is.
#tfsec:ignore:aws-iam-no-policy-wildcards
resource "aws_iam_role_policy" "copy" {
  name = "copy"
  role = aws_iam_role.copy.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadRawObjects"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = ["${var.buckets.events}/events/*", "${var.buckets.events}/manifests/*", "${var.buckets.users}/users/*", "${var.buckets.users}/updates/*"]
      },
      {
        Sid      = "FindThem"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
        Resource = [var.buckets.events, var.buckets.users]
      },
    ]
  })
}

# Redshift encrypts with a key that AWS owns. A key of the customer's would add a
# dollar a month and a way to lose the data, and nobody who cannot read the tables
# could read them without it.
#tfsec:ignore:aws-redshift-encryption-customer-key
resource "aws_redshiftserverless_namespace" "this" {
  count = local.serverless ? 1 : 0

  namespace_name        = var.name
  db_name               = local.database
  admin_username        = "loaf_admin"
  manage_admin_password = true
  iam_roles             = [aws_iam_role.copy.arn]
  tags                  = local.tags
}

resource "aws_redshiftserverless_workgroup" "this" {
  count = local.serverless ? 1 : 0

  workgroup_name       = var.name
  namespace_name       = aws_redshiftserverless_namespace.this[0].namespace_name
  base_capacity        = var.base_capacity
  max_capacity         = var.base_capacity
  publicly_accessible  = false
  enhanced_vpc_routing = true
  port                 = local.port
  subnet_ids           = var.subnet_ids
  security_group_ids   = [aws_security_group.this.id]
  tags                 = local.tags

  # Without it Redshift lower-cases the names in SUPER paths, and camelCase properties
  # are never found.
  config_parameter {
    parameter_key   = "enable_case_sensitive_identifier"
    parameter_value = "true"
  }

  config_parameter {
    parameter_key   = "require_ssl"
    parameter_value = "true"
  }

  lifecycle {
    # AWS answers with all parameters, those with their defaults too, and adds new
    # ones from time to time; every plan would want to remove them.
    # https://github.com/hashicorp/terraform-provider-aws/issues/49939
    ignore_changes = [config_parameter]
  }
}

resource "aws_redshiftserverless_usage_limit" "this" {
  count = local.serverless ? 1 : 0

  resource_arn  = aws_redshiftserverless_workgroup.this[0].arn
  usage_type    = "serverless-compute"
  period        = "daily"
  amount        = var.rpu_hours_per_day
  breach_action = "deactivate"
}

resource "aws_redshift_subnet_group" "this" {
  count = local.serverless ? 0 : 1

  name        = var.name
  description = "Private subnets of the DataLoaf stack ${var.name}"
  subnet_ids  = var.subnet_ids
  tags        = local.tags
}

resource "aws_redshift_parameter_group" "this" {
  count = local.serverless ? 0 : 1

  name        = var.name
  family      = "redshift-2.0"
  description = "DataLoaf stack ${var.name}"
  tags        = local.tags

  parameter {
    name  = "enable_case_sensitive_identifier"
    value = "true"
  }

  parameter {
    name  = "require_ssl"
    value = "true"
  }
}

# Encrypted with the account's key for Redshift; see the namespace above for why.
#tfsec:ignore:aws-redshift-encryption-customer-key
resource "aws_redshift_cluster" "this" {
  count = local.serverless ? 0 : 1

  cluster_identifier           = var.name
  cluster_type                 = var.nodes == 1 ? "single-node" : "multi-node"
  node_type                    = var.node_type
  number_of_nodes              = var.nodes
  database_name                = local.database
  master_username              = "loaf_admin"
  manage_master_password       = true
  port                         = local.port
  encrypted                    = true
  publicly_accessible          = false
  enhanced_vpc_routing         = true
  cluster_subnet_group_name    = aws_redshift_subnet_group.this[0].name
  cluster_parameter_group_name = aws_redshift_parameter_group.this[0].name
  vpc_security_group_ids       = [aws_security_group.this.id]
  iam_roles                    = [aws_iam_role.copy.arn]
  # The raw buckets are what the warehouse is rebuilt from; a snapshot left behind by
  # a destroy would be billed for ever.
  skip_final_snapshot = true
  tags                = local.tags

  lifecycle {
    precondition {
      condition     = var.nodes >= 2 || contains(["ra3.large", "ra3.xlplus"], var.node_type)
      error_message = "${var.node_type} needs at least two nodes: raise nodes, or choose ra3.large or ra3.xlplus."
    }
  }
}
