variable "name" {
  type        = string
  description = "The stack's name. It begins the names of what the module makes, and is the value of its tag `dataloaf:stack`."
}

variable "tags" {
  type        = map(string)
  description = "Tags for everything that the module makes, beside `dataloaf:stack`."
  default     = {}
}

variable "cidr" {
  type        = string
  description = "The address range of the VPC that the module makes, from /16 to /22. Not used with `vpc`."
  default     = "10.72.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 22, false)
    error_message = "cidr is not an IPv4 range from /16 to /22: give one such as \"10.72.0.0/16\"."
  }
}

variable "zones" {
  type        = number
  description = "How many availability zones the VPC spans. Redshift Serverless with enhanced VPC routing needs three."
  default     = 3

  validation {
    condition     = var.zones >= 2 && var.zones <= 6 && floor(var.zones) == var.zones
    error_message = "zones must be a whole number from 2 to 6: the load balancer and the warehouse need at least two."
  }
}

variable "vpc" {
  type = object({
    id                      = string
    private_subnet_ids      = list(string)
    public_subnet_ids       = optional(list(string), [])
    private_route_table_ids = optional(list(string), [])
    endpoints               = optional(set(string), ["s3", "secretsmanager", "sqs"])
  })
  description = <<-EOT
    An existing VPC to use instead of making one. `private_subnet_ids` take the warehouse and the Lambdas that write to it, `public_subnet_ids` the insights instance. `endpoints` names the VPC endpoints to make in it: leave out those that it has already, or all of them where the private subnets reach AWS through a NAT gateway. The endpoint `s3` is put into `private_route_table_ids`.
  EOT
  default     = null

  validation {
    condition     = var.vpc == null ? true : length(distinct(var.vpc.private_subnet_ids)) >= 2
    error_message = "vpc.private_subnet_ids has fewer than two subnets: give at least two in different availability zones, and three for Redshift Serverless."
  }

  validation {
    condition     = var.vpc == null ? true : length(setsubtract(var.vpc.endpoints, ["s3", "secretsmanager", "sqs"])) == 0
    error_message = "vpc.endpoints knows \"s3\", \"secretsmanager\" and \"sqs\"."
  }

  validation {
    condition     = var.vpc == null ? true : !contains(var.vpc.endpoints, "s3") || length(var.vpc.private_route_table_ids) > 0
    error_message = "vpc.endpoints has \"s3\", which is made in route tables: give vpc.private_route_table_ids, the route tables of the private subnets, or leave \"s3\" out where they lead to S3 already."
  }
}

variable "nat_gateway" {
  type        = bool
  description = "Whether the private subnets reach the internet through a NAT gateway (about 33 dollars a month and 4.5 cents a GB). DataLoaf needs none; with it, the insights instance can stand in a private subnet."
  default     = false
}

variable "interface_endpoint_zones" {
  type        = number
  description = "In how many zones the interface endpoints for SQS and Secrets Manager stand; each costs about 7 dollars a month and zone. With one, an outage of its zone delays loads and loses nothing."
  default     = 1

  validation {
    condition     = var.interface_endpoint_zones >= 1 && floor(var.interface_endpoint_zones) == var.interface_endpoint_zones
    error_message = "interface_endpoint_zones must be a whole number from 1."
  }
}
