# The module network, with a VPC of its own and in one that is there already.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name = "loaf-test"
}

run "own_vpc" {
  command = apply

  module {
    source = "./modules/network"
  }

  variables {
    tags = { team = "product" }
  }

  override_resource {
    target = aws_vpc.this
    values = { id = "vpc-0123456789abcdef0", cidr_block = "10.72.0.0/16" }
  }

  assert {
    condition     = aws_vpc.this[0].cidr_block == "10.72.0.0/16" && aws_vpc.this[0].enable_dns_hostnames && aws_vpc.this[0].enable_dns_support
    error_message = "The VPC has the default range, and names: private DNS of the endpoints needs them."
  }

  assert {
    condition     = aws_subnet.private[*].availability_zone == ["eu-central-1a", "eu-central-1b", "eu-central-1c"] && aws_subnet.public[*].availability_zone == aws_subnet.private[*].availability_zone
    error_message = "There are a private and a public subnet in each of three zones: Redshift Serverless with enhanced routing needs three."
  }

  assert {
    condition     = aws_subnet.private[*].cidr_block == ["10.72.0.0/20", "10.72.16.0/20", "10.72.32.0/20"] && aws_subnet.public[*].cidr_block == ["10.72.128.0/20", "10.72.144.0/20", "10.72.160.0/20"]
    error_message = "Ranges of subnets do not move: a subnet of another range is another subnet."
  }

  assert {
    condition     = alltrue([for s in concat(aws_subnet.private, aws_subnet.public) : s.map_public_ip_on_launch != true])
    error_message = "No subnet gives public addresses to all that is put into it."
  }

  assert {
    condition     = length(aws_default_security_group.this[0].ingress) == 0 && length(aws_default_security_group.this[0].egress) == 0
    error_message = "The VPC's default security group has no rules."
  }

  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_route.nat) == 0
    error_message = "There is no NAT gateway unless asked for."
  }

  assert {
    condition     = aws_route.internet[0].route_table_id == aws_route_table.public[0].id && aws_route_table.public[0].id != aws_route_table.private[0].id && toset(aws_route_table_association.private[*].route_table_id) == toset([aws_route_table.private[0].id])
    error_message = "Only public subnets have a way to the internet."
  }

  assert {
    condition     = aws_vpc_endpoint.s3[0].vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3[0].service_name == "com.amazonaws.eu-central-1.s3" && toset(aws_vpc_endpoint.s3[0].route_table_ids) == toset([aws_route_table.private[0].id])
    error_message = "S3 is reached from the private subnets by the gateway endpoint."
  }

  assert {
    condition     = { for k, e in aws_vpc_endpoint.interface : k => e.service_name } == { sqs = "com.amazonaws.eu-central-1.sqs", secretsmanager = "com.amazonaws.eu-central-1.secretsmanager" }
    error_message = "There are interface endpoints for SQS and Secrets Manager, and for nothing else."
  }

  assert {
    condition     = alltrue([for e in aws_vpc_endpoint.interface : e.private_dns_enabled && length(e.subnet_ids) == 1])
    error_message = "An interface endpoint answers to AWS's own names, in one zone by default."
  }

  assert {
    condition     = [for r in aws_vpc_security_group_ingress_rule.endpoints : "${r.cidr_ipv4} ${r.ip_protocol} ${r.from_port}-${r.to_port}"] == ["10.72.0.0/16 tcp 443-443"]
    error_message = "The endpoints take HTTPS from the VPC alone."
  }

  assert {
    condition = alltrue([for r in concat(
      aws_vpc.this, aws_default_security_group.this, aws_subnet.private, aws_subnet.public, aws_internet_gateway.this, aws_route_table.private,
      aws_route_table.public, aws_vpc_endpoint.s3, values(aws_vpc_endpoint.interface), aws_security_group.endpoints, aws_vpc_security_group_ingress_rule.endpoints
    ) : r.tags["dataloaf:stack"] == "loaf-test" && r.tags.team == "product"])
    error_message = "Everything carries the stack's tag and the caller's."
  }

  assert {
    condition     = output.private_zones == 3 && length(output.private_subnet_ids) == 3 && length(output.public_subnet_ids) == 3 && output.vpc_cidrs == ["10.72.0.0/16"] && !output.nat_gateway
    error_message = "The outputs are those of the VPC made here."
  }
}

run "own_vpc_smallest" {
  command = apply

  module {
    source = "./modules/network"
  }

  variables {
    zones                    = 2
    cidr                     = "10.0.0.0/22"
    interface_endpoint_zones = 2
    nat_gateway              = true
  }

  override_resource {
    target = aws_vpc.this
    values = { id = "vpc-0123456789abcdef0", cidr_block = "10.0.0.0/22" }
  }

  assert {
    condition     = aws_subnet.private[*].cidr_block == ["10.0.0.0/26", "10.0.0.64/26"] && length(aws_subnet.public) == 2
    error_message = "The smallest VPC has two zones of subnets with 64 addresses."
  }

  assert {
    condition     = alltrue([for e in aws_vpc_endpoint.interface : length(e.subnet_ids) == 2])
    error_message = "The interface endpoints stand in as many zones as were asked for."
  }

  assert {
    condition     = output.nat_gateway && aws_nat_gateway.this[0].subnet_id == aws_subnet.public[0].id && aws_route.nat[0].route_table_id == aws_route_table.private[0].id && aws_route.nat[0].destination_cidr_block == "0.0.0.0/0"
    error_message = "A NAT gateway that is asked for stands in a public subnet, and private subnets lead to it."
  }
}

run "own_vpc_largest" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    zones = 6
    cidr  = "10.0.0.0/16"
  }

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["z1", "z2", "z3", "z4", "z5", "z6", "z7"] }
  }

  assert {
    condition     = length(aws_subnet.private) == 6 && length(aws_subnet.public) == 6
    error_message = "A VPC may span six zones."
  }
}

# More than the one zone asked for: as many as there are subnets.
run "endpoints_in_more_zones_than_there_are" {
  command = apply

  module {
    source = "./modules/network"
  }

  variables {
    interface_endpoint_zones = 9
  }

  override_resource {
    target = aws_vpc.this
    values = { id = "vpc-0123456789abcdef0", cidr_block = "10.72.0.0/16" }
  }

  assert {
    condition     = alltrue([for e in aws_vpc_endpoint.interface : length(e.subnet_ids) == 3])
    error_message = "The interface endpoints stand in every zone, and in no more."
  }
}

run "existing_vpc" {
  command = apply

  module {
    source = "./modules/network"
  }

  variables {
    vpc = {
      id                      = "vpc-0123456789abcdef0"
      private_subnet_ids      = ["subnet-0a", "subnet-0b"]
      public_subnet_ids       = ["subnet-0c"]
      private_route_table_ids = ["rtb-0a", "rtb-0b"]
    }
  }

  override_data {
    target = data.aws_subnet.existing_private[1]
    values = { vpc_id = "vpc-0123456789abcdef0", availability_zone = "eu-central-1b" }
  }

  assert {
    condition     = length(aws_vpc.this) + length(aws_subnet.private) + length(aws_subnet.public) + length(aws_internet_gateway.this) + length(aws_route_table.private) + length(aws_default_security_group.this) == 0
    error_message = "In a VPC that is there nothing is made but endpoints."
  }

  assert {
    condition     = toset(aws_vpc_endpoint.s3[0].route_table_ids) == toset(["rtb-0a", "rtb-0b"]) && length(aws_vpc_endpoint.interface) == 2
    error_message = "All endpoints are made by default; S3's in the route tables given."
  }

  assert {
    condition     = [for r in aws_vpc_security_group_ingress_rule.endpoints : r.cidr_ipv4] == ["10.20.0.0/16", "10.21.0.0/16"]
    error_message = "The endpoints take HTTPS from every range of the VPC."
  }

  assert {
    condition     = output.vpc_id == "vpc-0123456789abcdef0" && output.private_zones == 2 && output.private_subnet_ids == tolist(["subnet-0a", "subnet-0b"]) && output.public_subnet_ids == tolist(["subnet-0c"])
    error_message = "The outputs are those of the VPC given."
  }
}

run "existing_vpc_with_its_own_endpoints" {
  command = apply

  module {
    source = "./modules/network"
  }

  variables {
    vpc = {
      id                 = "vpc-0123456789abcdef0"
      private_subnet_ids = ["subnet-0a", "subnet-0b"]
      endpoints          = []
    }
  }

  override_data {
    target = data.aws_subnet.existing_private[1]
    values = { vpc_id = "vpc-0123456789abcdef0", availability_zone = "eu-central-1b" }
  }

  assert {
    condition     = length(aws_vpc_endpoint.s3) + length(aws_vpc_endpoint.interface) + length(aws_security_group.endpoints) + length(aws_vpc_security_group_ingress_rule.endpoints) == 0
    error_message = "Where the VPC has all endpoints nothing is made."
  }
}

# --- what is refused --------------------------------------------------------------

run "too_few_zones" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    zones = 1
  }

  expect_failures = [var.zones]
}

run "too_many_zones" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    zones = 7
  }

  expect_failures = [var.zones]
}

run "zones_no_whole_number" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    zones = 2.5
  }

  expect_failures = [var.zones]
}

run "region_with_too_few_zones" {
  command = plan

  module {
    source = "./modules/network"
  }

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-central-1a", "eu-central-1b"] }
  }

  expect_failures = [aws_vpc.this]
}

run "range_too_large" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    cidr = "10.0.0.0/15"
  }

  expect_failures = [var.cidr]
}

run "range_too_small" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    cidr = "10.0.0.0/23"
  }

  expect_failures = [var.cidr]
}

run "range_of_ipv6" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    cidr = "2001:db8::/20"
  }

  expect_failures = [var.cidr]
}

run "range_without_a_length" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    cidr = "10.0.0.0"
  }

  expect_failures = [var.cidr]
}

run "endpoints_in_no_zone" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    interface_endpoint_zones = 0
  }

  expect_failures = [var.interface_endpoint_zones]
}

run "endpoints_in_half_a_zone" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    interface_endpoint_zones = 1.5
  }

  expect_failures = [var.interface_endpoint_zones]
}

run "existing_vpc_with_one_subnet" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    vpc = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a", "subnet-0a"], endpoints = [] }
  }

  expect_failures = [var.vpc]
}

run "existing_vpc_with_an_endpoint_that_is_unknown" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    vpc = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a", "subnet-0b"], endpoints = ["dynamodb"] }
  }

  override_data {
    target = data.aws_subnet.existing_private[1]
    values = { vpc_id = "vpc-0123456789abcdef0", availability_zone = "eu-central-1b" }
  }

  expect_failures = [var.vpc]
}

run "existing_vpc_without_route_tables_for_s3" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    vpc = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a", "subnet-0b"], endpoints = ["s3"] }
  }

  override_data {
    target = data.aws_subnet.existing_private[1]
    values = { vpc_id = "vpc-0123456789abcdef0", availability_zone = "eu-central-1b" }
  }

  expect_failures = [var.vpc]
}

run "existing_subnet_of_another_vpc" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    vpc = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a", "subnet-0b"], endpoints = [] }
  }

  override_data {
    target = data.aws_subnet.existing_private[1]
    values = { vpc_id = "vpc-0f00000000000000f", availability_zone = "eu-central-1b" }
  }

  expect_failures = [data.aws_subnet.existing_private]
}

run "existing_subnets_in_one_zone" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    vpc = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a", "subnet-0b"], endpoints = [] }
  }

  expect_failures = [output.private_subnet_ids]
}
