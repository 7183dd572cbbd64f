variable "region" {
  type        = string
  description = "The AWS region."
  default     = "eu-central-1"
}

variable "name" {
  type        = string
  description = "The stack's name."
  default     = "dataloaf"
}

variable "zone" {
  type        = string
  description = "The public Route 53 hosted zone's name; the page is loaf.<zone>."
  default     = "example.com"
}

variable "allowed_cidrs" {
  type        = list(string)
  description = "Address ranges that may open the insights page."
  default     = ["203.0.113.0/24", "2001:db8::/48"]
}

variable "alarm_email" {
  type        = string
  description = "Where alarms are mailed to."
  default     = "ops@example.com"
}

variable "artifacts_dir" {
  type        = string
  description = "The folder with the functions' zips and the page's bundle; the checkout's own where it is null."
  default     = null
}
