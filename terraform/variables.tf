variable "name" {
  type        = string
  description = "The stack's name, of 3 to 20 lower-case letters, digits and hyphens. It begins all names, and everything carries it as the tag `dataloaf:stack`. A stack of another name is another stack."
  default     = "dataloaf"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name must have 3 to 20 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen: bucket names, which have at most 63, are made of it, the account and the region."
  }

  validation {
    # Beginnings that S3, EC2 and load balancers keep for themselves.
    condition     = !can(regex("^(amzn|aws|internal|sg|sthree)(-|$)", var.name))
    error_message = "name begins with a word that AWS keeps for itself (amzn, aws, internal, sg, sthree): choose another."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags for everything that the stack makes, beside `dataloaf:stack`."
  default     = {}

  validation {
    condition     = !contains(keys(var.tags), "dataloaf:stack")
    error_message = "tags has \"dataloaf:stack\", which is the stack's own and holds its name: leave it out."
  }
}

variable "artifacts_dir" {
  type        = string
  description = "The folder with the functions' zips and the page's bundle: from `loafctl artifacts --dir`, a release's download, or `scripts/build-artifacts`, whose own folder of this checkout is the default."
  default     = null
}

variable "api_keys" {
  type        = set(string)
  description = "Names of the API keys; API Gateway makes their values, which stand in the state."
  default     = ["default"]
}

variable "load_interval_minutes" {
  type        = number
  description = "Minutes between loads. Each load that finds something wakes Redshift Serverless for at least a minute: at 4 RPU every 3 minutes costs up to about 365 dollars a month in us-east-1, every 15 minutes up to about 73."
  default     = 3

  validation {
    condition     = var.load_interval_minutes >= 1 && var.load_interval_minutes <= 1440 && floor(var.load_interval_minutes) == var.load_interval_minutes
    error_message = "load_interval_minutes must be a whole number from 1 to 1440."
  }
}

variable "idle_load_interval_minutes" {
  type        = number
  description = "Minutes for which new data may wait for its load while nobody has used the insights page or its API for 15 minutes, from above `load_interval_minutes` to 1440. At 4 RPU an hour (60) brings the 365 dollars a month of a load every 3 minutes down to about 18 and what is asked for. Alerts, which are checked after loads, come as much later. Null loads every `load_interval_minutes`, whether somebody asks or not."
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

variable "manage_api_logging_role" {
  type        = bool
  description = "Whether to make the role by which API Gateway writes logs. An account has one for each region: say false where there is one already, or it is replaced."
  default     = true
}

variable "raw_retention_days" {
  type        = number
  description = "Days after which raw objects are deleted, from 30; null keeps them for ever. What is deleted can no longer be loaded again."
  default     = null
}

variable "event_retention_days" {
  type        = number
  description = "Days after which events leave the warehouse and the raw bucket, from 30, by the UTC day on which they arrived; null keeps them for ever. Users and their attributes stay."
  default     = null
}

variable "force_destroy" {
  type        = bool
  description = "Whether a destroy also deletes the buckets of raw objects when they hold any. Set it, apply, and then destroy."
  default     = false
}

variable "warehouse" {
  type = object({
    type              = optional(string, "serverless")
    base_capacity     = optional(number, 4)
    rpu_hours_per_day = optional(number, 64)
    node_type         = optional(string, "ra3.large")
    nodes             = optional(number, 1)
  })
  description = <<-EOT
    The warehouse. `type` is `serverless` (Redshift Serverless of `base_capacity` RPUs, switched off until the next day after `rpu_hours_per_day`) or `provisioned` (an RA3 cluster of `nodes` nodes of `node_type`).
  EOT
  default     = {}

  validation {
    condition     = contains(["serverless", "provisioned"], var.warehouse.type)
    error_message = "warehouse.type must be \"serverless\" or \"provisioned\"."
  }

  validation {
    # Each load is billed for at least a minute.
    condition     = var.warehouse.type != "serverless" || var.warehouse.rpu_hours_per_day >= ceil(var.warehouse.base_capacity * 24 / var.load_interval_minutes)
    error_message = "warehouse.rpu_hours_per_day is less than the loads alone may take: base_capacity x 24 / load_interval_minutes RPU-hours a day, after which Redshift is switched off until midnight UTC. Raise it, or load less often."
  }
}

variable "vpc" {
  type = object({
    id                      = string
    private_subnet_ids      = list(string)
    public_subnet_ids       = list(string)
    private_route_table_ids = optional(list(string), [])
    endpoints               = optional(set(string), ["s3", "secretsmanager", "sqs"])
  })
  description = <<-EOT
    An existing VPC to use instead of making one. `private_subnet_ids`, in three zones for Redshift Serverless and two for a cluster, take the warehouse and the functions that write to it; `public_subnet_ids` the page. `endpoints` names the VPC endpoints to make: leave out those that the VPC has already. The endpoint `s3` is put into `private_route_table_ids`.
  EOT
  default     = null

  validation {
    condition     = var.vpc == null ? true : length(distinct(var.vpc.private_subnet_ids)) >= (var.warehouse.type == "serverless" ? 3 : 2)
    error_message = "vpc.private_subnet_ids has too few subnets: Redshift Serverless needs three in different availability zones, a provisioned cluster two. Add subnets, or set warehouse = { type = \"provisioned\" }."
  }

  validation {
    condition     = var.vpc == null ? true : length(distinct(var.vpc.public_subnet_ids)) >= (var.domain == null ? 1 : 2)
    error_message = "vpc.public_subnet_ids has too few subnets: the page needs one, and with a domain its load balancer needs two in different availability zones."
  }
}

variable "allowed_cidrs" {
  type        = list(string)
  description = "Address ranges that may open the insights page, such as [\"203.0.113.7/32\"] for one address. With none, nobody can."
  default     = []

  validation {
    condition     = alltrue([for c in var.allowed_cidrs : can(cidrhost(c, 0))])
    error_message = "allowed_cidrs has an entry that is no address range: give ranges such as \"203.0.113.7/32\" or \"2001:db8::/48\"."
  }

  validation {
    condition     = var.allow_public_insights || alltrue([for c in var.allowed_cidrs : !endswith(c, "/0")])
    error_message = "allowed_cidrs has a range of all addresses (/0), which opens the page to the whole internet with only its login before it: give narrower ranges, or say that you mean it with allow_public_insights = true."
  }
}

variable "allow_public_insights" {
  type        = bool
  description = "Allows 0.0.0.0/0 and ::/0 in `allowed_cidrs`."
  default     = false
}

variable "domain" {
  type        = string
  description = "The page's host name, such as `loaf.example.com`. With one, a load balancer (about 25 dollars a month) has a certificate for it; without, the page has an Elastic IP and a certificate that it signed itself, which browsers warn of."
  default     = null

  validation {
    condition     = var.domain == null || var.zone_id != null
    error_message = "domain needs zone_id, the Route 53 hosted zone in which its records are made: find it with `aws route53 list-hosted-zones`, or leave domain out."
  }
}

variable "zone_id" {
  type        = string
  description = "The public Route 53 hosted zone that `domain` lies in."
  default     = null
}

variable "alarm_email" {
  type        = string
  description = "Where alarms are mailed to; the address is asked to confirm."
  default     = null
}

variable "silent_after_hours" {
  type        = number
  description = "Hours without any event, from 1 to 24, after which an alarm rings; null for an application that may be silent."
  default     = null
}

variable "password_generation" {
  type        = number
  description = "Raise it to replace all passwords and the session key that the stack made."
  default     = 1

  validation {
    condition     = var.password_generation >= 1 && floor(var.password_generation) == var.password_generation
    error_message = "password_generation must be a whole number from 1; raise it to make the passwords anew."
  }
}
