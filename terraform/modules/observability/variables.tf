variable "name" {
  type        = string
  description = "The stack's name. It begins the names of what the module makes, and is the value of its tag `dataloaf:stack`."
}

variable "tags" {
  type        = map(string)
  description = "Tags for everything that the module makes, beside `dataloaf:stack`."
  default     = {}
}

variable "alarm_email" {
  type        = string
  description = "Where alarms are mailed to; the address is asked to confirm. Null for nobody: the topic is there all the same."
  default     = null

  validation {
    condition     = var.alarm_email == null ? true : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", var.alarm_email))
    error_message = "alarm_email is no e-mail address: give one such as \"ops@example.com\", or null."
  }
}

variable "late_after_minutes" {
  type        = number
  description = "Minutes after which a raw object that is not loaded rings an alarm. A stack to which nobody sends has none, and is silent."
  default     = 15

  validation {
    condition     = var.late_after_minutes >= 5 && floor(var.late_after_minutes) == var.late_after_minutes
    error_message = "late_after_minutes must be a whole number from 5."
  }
}

variable "silent_after_hours" {
  type        = number
  description = "Hours without any event after which an alarm rings; null for an application that may be silent."
  default     = null

  validation {
    condition     = var.silent_after_hours == null ? true : contains(range(1, 25), var.silent_after_hours)
    error_message = "silent_after_hours must be a whole number from 1 to 24, or null for no such alarm."
  }
}

variable "load_interval_minutes" {
  type        = number
  description = "Minutes between loads: three that do not run ring an alarm."
  default     = 3
}

variable "functions" {
  type        = map(string)
  description = "The functions `collect`, `update` and `load`: the output of the module `collection`."
}

variable "queues" {
  type        = map(object({ name = string, dead_letter = string }))
  description = "The queues `load` and `retry`: the output of the module `collection`."
}

variable "streams" {
  type        = map(string)
  description = "The Firehose streams `events` and `users`: the output of the module `collection`."
}

variable "api" {
  type        = object({ id = string, name = string, stage = string })
  description = "The collection API: the output of the module `collection`."
}

variable "log_groups" {
  type        = map(string)
  description = "The log groups: the output of the module `collection`."
}

variable "insights" {
  type = object({
    autoscaling_group = string
    load_balancer     = optional(object({ load_balancer = string, target_group = string }))
  })
  description = "The insights page: outputs of the module `insights`. Null without one."
  default     = null
}

variable "serverless_workgroup" {
  type        = string
  description = "The Redshift Serverless workgroup whose use the dashboard shows; null for none."
  default     = null
}
