variable "name" {
  type        = string
  description = "The stack's name. It begins the names of what the module makes, and is the value of its tag `dataloaf:stack`."
}

variable "tags" {
  type        = map(string)
  description = "Tags for everything that the module makes, beside `dataloaf:stack`."
  default     = {}
}

variable "type" {
  type        = string
  description = "`serverless` for Redshift Serverless, which is billed while it works, or `provisioned` for an RA3 cluster, which is billed by the hour."
  default     = "serverless"

  validation {
    condition     = contains(["serverless", "provisioned"], var.type)
    error_message = "type must be \"serverless\" or \"provisioned\"."
  }
}

variable "base_capacity" {
  type        = number
  description = "Redshift Serverless: the RPUs that it works with: 4, or a multiple of 8 up to 512. It does not grow beyond them, so that a heavy question takes longer instead of costing more."
  default     = 4

  validation {
    condition     = var.base_capacity == 4 || (var.base_capacity >= 8 && var.base_capacity <= 512 && var.base_capacity % 8 == 0)
    error_message = "base_capacity must be 4, or a multiple of 8 from 8 to 512."
  }
}

variable "rpu_hours_per_day" {
  type        = number
  description = "Redshift Serverless: the RPU-hours a day after which it is switched off until midnight UTC, which bounds the bill: 64 are at most 24 dollars a day in us-east-1. Data goes on to be collected meanwhile and is loaded the next day."
  default     = 64

  validation {
    condition     = var.rpu_hours_per_day >= 1 && floor(var.rpu_hours_per_day) == var.rpu_hours_per_day
    error_message = "rpu_hours_per_day must be a whole number from 1."
  }
}

variable "node_type" {
  type        = string
  description = "Provisioned cluster: the nodes' type, of the RA3 family."
  default     = "ra3.large"

  validation {
    condition     = startswith(var.node_type, "ra3.")
    error_message = "node_type must be of the RA3 family, such as \"ra3.large\": others keep their data on the nodes, and lose or limit it with them."
  }
}

variable "nodes" {
  type        = number
  description = "Provisioned cluster: how many nodes."
  default     = 1

  validation {
    condition     = var.nodes >= 1 && var.nodes <= 128 && floor(var.nodes) == var.nodes
    error_message = "nodes must be a whole number from 1 to 128."
  }
}

variable "vpc_id" {
  type        = string
  description = "The VPC that the warehouse stands in."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets, in at least three zones for `serverless` and two for `provisioned`."

  validation {
    condition     = length(var.subnet_ids) >= (var.type == "serverless" ? 3 : 2)
    error_message = "subnet_ids has too few subnets: Redshift Serverless with enhanced VPC routing needs three in different availability zones, a provisioned cluster two. Add subnets, or choose type = \"provisioned\"."
  }
}

variable "clients" {
  type        = map(string)
  description = "Security groups that may connect to the warehouse, by a name for the rule."
  default     = {}
}

variable "buckets" {
  type        = map(string)
  description = "The ARNs of the raw buckets `events` and `users`, which COPY may read."

  validation {
    condition     = length(setsubtract(["events", "users"], keys(var.buckets))) == 0
    error_message = "buckets must have the members \"events\" and \"users\"."
  }
}

variable "password_generation" {
  type        = number
  description = "Raise it to give the three database users new passwords. The next load sets them."
  default     = 1
}
