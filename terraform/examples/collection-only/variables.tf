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

variable "alarm_email" {
  type        = string
  description = "Where alarms are mailed to; null for nobody."
  default     = null
}

variable "artifacts_dir" {
  type        = string
  description = "The folder with the functions' zips; the checkout's own where it is null."
  default     = null
}
