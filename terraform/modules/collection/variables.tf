variable "name" {
  type        = string
  description = "The stack's name. It begins the names of what the module makes, and is the value of its tag `dataloaf:stack`. With account and region it makes the buckets' names, which bounds its length."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name must have 3 to 20 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen: bucket names are made of it."
  }

  validation {
    # Beginnings that S3, EC2 and load balancers keep for themselves.
    condition     = !can(regex("^(amzn|aws|internal|sg|sthree)(-|$)", var.name))
    error_message = "name begins with a word that AWS keeps for itself (amzn, aws, internal, sg, sthree): choose another."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags for everything that the module makes, beside `dataloaf:stack`."
  default     = {}
}

variable "artifacts_dir" {
  type        = string
  description = "The folder with `collect.zip`, `update.zip`, `load.zip` and `manifest.json`."
}

variable "api_keys" {
  type        = set(string)
  description = "Names of the API keys; API Gateway makes their values. Two of them let a key be replaced without a gap."
  default     = ["default"]

  validation {
    condition     = length(var.api_keys) >= 1 && alltrue([for k in var.api_keys : can(regex("^[A-Za-z0-9_-]{1,64}$", k))])
    error_message = "api_keys needs at least one name; a name has 1 to 64 letters, digits, hyphens and underscores."
  }
}

variable "rate_limit" {
  type        = number
  description = "Calls a second that all keys together may make, on average. A call carries up to 500 events. More are answered 429, and the SDK sends them again later."
  default     = 1000

  validation {
    condition     = var.rate_limit > 0
    error_message = "rate_limit must be above 0 calls a second."
  }
}

variable "burst_limit" {
  type        = number
  description = "Calls that may come at once, above the rate."
  default     = 500

  validation {
    condition     = var.burst_limit >= 1 && floor(var.burst_limit) == var.burst_limit
    error_message = "burst_limit must be a whole number from 1."
  }
}

variable "monthly_quota" {
  type        = number
  description = "Calls a month after which the API answers 429; null for no such limit."
  default     = null

  validation {
    condition     = var.monthly_quota == null ? true : var.monthly_quota >= 1 && floor(var.monthly_quota) == var.monthly_quota
    error_message = "monthly_quota must be a whole number from 1, or null for none."
  }
}

variable "manage_api_logging_role" {
  type        = bool
  description = "Whether to make the role by which API Gateway writes logs. An account has one for each region: say false where there is one already, or it is replaced."
  default     = true
}

variable "raw_retention_days" {
  type        = number
  description = "Days after which raw objects are deleted; null keeps them for ever. What is deleted can no longer be loaded again."
  default     = null

  validation {
    condition     = var.raw_retention_days == null ? true : var.raw_retention_days >= 30 && floor(var.raw_retention_days) == var.raw_retention_days
    error_message = "raw_retention_days must be a whole number from 30, or null to keep raw objects for ever: what waits to be loaded or mended must not be deleted before."
  }
}

variable "event_retention_days" {
  type        = number
  description = "Days after which events leave the warehouse and the raw bucket, by the UTC day on which they arrived; null keeps them for ever. Users and their attributes stay."
  default     = null

  validation {
    condition     = var.event_retention_days == null ? true : var.event_retention_days >= 30 && floor(var.event_retention_days) == var.event_retention_days
    error_message = "event_retention_days must be a whole number from 30, or null to keep events for ever: what waits to be loaded or mended must not be deleted before."
  }
}

variable "force_destroy" {
  type        = bool
  description = "Whether a destroy also deletes buckets that hold raw objects. Without it such a destroy stops at them."
  default     = false
}

variable "log_retention_days" {
  type        = number
  description = "Days for which logs are kept."
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a number that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "load_interval_minutes" {
  type        = number
  description = "Minutes between loads. With Redshift Serverless each load that finds something wakes the warehouse for at least a minute, which is billed."
  default     = 3

  validation {
    condition     = var.load_interval_minutes >= 1 && var.load_interval_minutes <= 1440 && floor(var.load_interval_minutes) == var.load_interval_minutes
    error_message = "load_interval_minutes must be a whole number from 1 to 1440."
  }
}

variable "idle_load_interval_minutes" {
  type        = number
  description = "Minutes for which new data may wait for its load while nobody has called the insights API for 15 minutes, each of which saves a wake-up of Redshift Serverless; null loads every `load_interval_minutes` all the same."
  default     = null

  validation {
    condition     = var.idle_load_interval_minutes == null ? true : var.idle_load_interval_minutes > var.load_interval_minutes && var.idle_load_interval_minutes <= 1440 && floor(var.idle_load_interval_minutes) == var.idle_load_interval_minutes
    error_message = "idle_load_interval_minutes must be a whole number above load_interval_minutes, up to 1440; leave it out to load just as often whether somebody asks or not."
  }
}

variable "reserve_load_concurrency" {
  type        = bool
  description = "Whether one concurrent execution is reserved for the load function, so that two never run at once. It saves work and is not what makes loads exact. Say false where the account's Lambda quota is too small to reserve: new accounts have 10."
  default     = true
}

variable "network" {
  type = object({
    vpc_id     = string
    subnet_ids = list(string)
  })
  description = "Where the functions that write to the warehouse run. The subnets need a way to S3, SQS and Secrets Manager. Needed with `warehouse`."
  default     = null

  validation {
    condition     = var.network == null ? true : length(var.network.subnet_ids) >= 2
    error_message = "network.subnet_ids has fewer than two subnets: give at least two in different availability zones."
  }

  validation {
    condition     = (var.network == null) == (var.warehouse == null)
    error_message = "network and warehouse go together: give both, or neither to collect raw objects alone."
  }
}

variable "warehouse" {
  type = object({
    host              = string
    port              = number
    database          = string
    secret_arns       = map(string)
    admin_secret_arn  = string
    copy_role_arn     = string
    security_group_id = string
    identity          = string
  })
  description = "The warehouse that raw objects are loaded into: the outputs of the module `warehouse`. Null collects raw objects alone; a warehouse that is added later loads them all."
  default     = null
}
