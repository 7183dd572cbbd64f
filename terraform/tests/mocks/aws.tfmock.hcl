# What AWS would answer, for the modules that have no ephemeral resource: Terraform
# mocks none of these. Tests with an ephemeral resource in them plan with the real
# provider and the stand-in of scripts/terraform.

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_region" {
  defaults = {
    id   = "eu-central-1"
    name = "eu-central-1"
  }
}

mock_data "aws_availability_zones" {
  defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
}

mock_data "aws_vpc" {
  defaults = {
    cidr_block              = "10.20.0.0/16"
    cidr_block_associations = [{ association_id = "vpc-cidr-assoc-1", cidr_block = "10.20.0.0/16", state = "associated" }, { association_id = "vpc-cidr-assoc-2", cidr_block = "10.21.0.0/16", state = "associated" }]
  }
}

mock_data "aws_subnet" {
  defaults = {
    vpc_id            = "vpc-0123456789abcdef0"
    availability_zone = "eu-central-1a"
  }
}

mock_data "aws_ec2_managed_prefix_list" {
  defaults = { id = "pl-0123456789abcdef0" }
}

# The rest is what the provider wants to have the form of an ARN.

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:mocked" }
}
