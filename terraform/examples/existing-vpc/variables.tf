variable "region" {
  type        = string
  description = "The AWS region."
  default     = "us-east-1"
}

variable "name" {
  type        = string
  description = "The stack's name."
  default     = "dataloaf"
}

variable "vpc_id" {
  type        = string
  description = "The VPC."
}

variable "private_subnet_ids" {
  type        = list(string)
  description = "Private subnets in at least two availability zones, for the warehouse."
}

variable "public_subnet_ids" {
  type        = list(string)
  description = "Public subnets, for the page."
}

variable "private_route_table_ids" {
  type        = list(string)
  description = "The private subnets' route tables."
  default     = []
}

variable "allowed_cidrs" {
  type        = list(string)
  description = "Address ranges that may open the insights page."
  default     = []
}

variable "artifacts_dir" {
  type        = string
  description = "The folder with the functions' zips and the page's bundle; the checkout's own where it is null."
  default     = null
}
