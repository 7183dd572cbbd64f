output "vpc_id" {
  description = "The VPC."
  value       = local.vpc_id
}

output "vpc_cidrs" {
  description = "The VPC's IPv4 ranges."
  value       = local.cidrs
}

output "private_subnet_ids" {
  description = "Subnets for the warehouse and the Lambdas that write to it, one a zone."
  value       = local.private_subnet_ids

  precondition {
    condition     = local.own ? true : length(distinct(data.aws_subnet.existing_private[*].availability_zone)) >= 2
    error_message = "The subnets of vpc.private_subnet_ids lie in one availability zone: give subnets in at least two."
  }
}

output "public_subnet_ids" {
  description = "Subnets with a way to the internet, one a zone, for the load balancer and the insights instance."
  value       = local.public_subnet_ids
}

output "private_zones" {
  description = "In how many availability zones the private subnets lie."
  value       = local.own ? var.zones : length(distinct(data.aws_subnet.existing_private[*].availability_zone))
}

output "nat_gateway" {
  description = "Whether the private subnets reach the internet through this module's NAT gateway."
  value       = local.own && var.nat_gateway
}
