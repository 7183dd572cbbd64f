data "aws_region" "current" {}

data "aws_availability_zones" "available" {
  count = local.own ? 1 : 0
  state = "available"

  # Local and Wavelength zones, which one opts into, have neither Redshift nor all instance types.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

data "aws_vpc" "existing" {
  count = local.own ? 0 : 1
  id    = var.vpc.id
}

data "aws_subnet" "existing_private" {
  count = local.own ? 0 : length(var.vpc.private_subnet_ids)
  id    = var.vpc.private_subnet_ids[count.index]

  lifecycle {
    postcondition {
      condition     = self.vpc_id == var.vpc.id
      error_message = "The subnet ${self.id} of vpc.private_subnet_ids lies in the VPC ${self.vpc_id}, not in vpc.id: give subnets of one VPC."
    }
  }
}

locals {
  own  = var.vpc == null
  tags = merge(var.tags, { "dataloaf:stack" = var.name })

  available = local.own ? data.aws_availability_zones.available[0].names : []
  zones     = slice(local.available, 0, min(var.zones, length(local.available)))

  vpc_id             = local.own ? aws_vpc.this[0].id : var.vpc.id
  private_subnet_ids = local.own ? aws_subnet.private[*].id : var.vpc.private_subnet_ids
  public_subnet_ids  = local.own ? aws_subnet.public[*].id : var.vpc.public_subnet_ids
  cidrs              = local.own ? [aws_vpc.this[0].cidr_block] : [for a in data.aws_vpc.existing[0].cidr_block_associations : a.cidr_block]

  endpoints = local.own ? toset(["s3", "secretsmanager", "sqs"]) : var.vpc.endpoints
}

# Flow logs are billed by the gigabyte and belong to the account's own policy; every
# path in this VPC is closed by security groups that name their peers.
#tfsec:ignore:aws-ec2-require-vpc-flow-logs-for-all-vpcs
resource "aws_vpc" "this" {
  count = local.own ? 1 : 0

  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = merge(local.tags, { Name = var.name })

  lifecycle {
    precondition {
      condition     = length(local.available) >= var.zones
      error_message = "The region ${data.aws_region.current.id} offers this account ${length(local.available)} availability zones, and ${var.zones} are needed: choose another region, or a provisioned warehouse, which needs two."
    }
  }
}

# Without rules, so that nothing that is put into it by mistake is reachable.
resource "aws_default_security_group" "this" {
  count = local.own ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = "${var.name}-default-closed" })
}

resource "aws_subnet" "private" {
  count = local.own ? var.zones : 0

  vpc_id            = aws_vpc.this[0].id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(var.cidr, 4, count.index)
  tags              = merge(local.tags, { Name = "${var.name}-private-${count.index + 1}" })
}

resource "aws_subnet" "public" {
  count = local.own ? var.zones : 0

  vpc_id            = aws_vpc.this[0].id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(var.cidr, 4, count.index + 8)
  tags              = merge(local.tags, { Name = "${var.name}-public-${count.index + 1}" })
}

resource "aws_internet_gateway" "this" {
  count = local.own ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = var.name })
}

resource "aws_route_table" "public" {
  count = local.own ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = "${var.name}-public" })
}

resource "aws_route" "internet" {
  count = local.own ? 1 : 0

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  count = local.own ? var.zones : 0

  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_route_table" "private" {
  count = local.own ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = "${var.name}-private" })
}

resource "aws_route_table_association" "private" {
  count = local.own ? var.zones : 0

  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[0].id
}

resource "aws_eip" "nat" {
  count = local.own && var.nat_gateway ? 1 : 0

  domain = "vpc"
  tags   = merge(local.tags, { Name = "${var.name}-nat" })
}

resource "aws_nat_gateway" "this" {
  count = local.own && var.nat_gateway ? 1 : 0

  allocation_id = aws_eip.nat[0].id
  subnet_id     = aws_subnet.public[0].id
  tags          = merge(local.tags, { Name = var.name })

  depends_on = [aws_route.internet]
}

resource "aws_route" "nat" {
  count = local.own && var.nat_gateway ? 1 : 0

  route_table_id         = aws_route_table.private[0].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}

# What COPY reads, and what the Lambdas write, goes this way and costs nothing.
resource "aws_vpc_endpoint" "s3" {
  count = contains(local.endpoints, "s3") ? 1 : 0

  vpc_id            = local.vpc_id
  service_name      = "com.amazonaws.${data.aws_region.current.id}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = local.own ? aws_route_table.private[*].id : var.vpc.private_route_table_ids
  tags              = merge(local.tags, { Name = "${var.name}-s3" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = setsubtract(local.endpoints, ["s3"])

  vpc_id              = local.vpc_id
  service_name        = "com.amazonaws.${data.aws_region.current.id}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = slice(local.private_subnet_ids, 0, min(var.interface_endpoint_zones, length(local.private_subnet_ids)))
  security_group_ids  = [aws_security_group.endpoints[0].id]
  tags                = merge(local.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_security_group" "endpoints" {
  count = length(setsubtract(local.endpoints, ["s3"])) > 0 ? 1 : 0

  name        = "${var.name}-endpoints"
  description = "Interface endpoints of AWS services"
  vpc_id      = local.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-endpoints" })
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = length(aws_security_group.endpoints) > 0 ? length(local.cidrs) : 0

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from the VPC"
  cidr_ipv4         = local.cidrs[count.index]
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = local.tags
}
