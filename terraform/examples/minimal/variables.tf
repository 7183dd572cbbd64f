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
