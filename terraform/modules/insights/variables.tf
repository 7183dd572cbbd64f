variable "name" {
  type        = string
  description = "The stack's name. It begins the names of what the module makes, and is the value of its tag `dataloaf:stack`."
}

variable "tags" {
  type        = map(string)
  description = "Tags for everything that the module makes, beside `dataloaf:stack`."
  default     = {}
}

variable "artifacts_dir" {
  type        = string
  description = "The folder with `insights.tar.gz` and `manifest.json`."
}

variable "vpc_id" {
  type        = string
  description = "The VPC that the page's instance stands in."
}

variable "vpc_cidrs" {
  type        = list(string)
  description = "The VPC's IPv4 ranges: with a domain, the load balancer's word for where a call comes from is believed from there alone."
}

variable "public_subnet_ids" {
  type        = list(string)
  description = "Subnets with a way to the internet: for the instance, unless `private_subnet_ids` are given, and for the load balancer, which needs two in different zones."
}

variable "private_subnet_ids" {
  type        = list(string)
  description = "Subnets for the instance that reach the internet through a NAT gateway, instead of the public ones. Needs a domain, whose load balancer is then the only way in."
  default     = []

  validation {
    condition     = length(var.private_subnet_ids) == 0 || var.domain != null
    error_message = "private_subnet_ids needs a domain: without the load balancer that a domain brings nobody reaches an instance in a private subnet. Give domain and zone_id, or leave private_subnet_ids empty."
  }
}

variable "instance_type" {
  type        = string
  description = "The instance's type, with an ARM processor."
  default     = "t4g.small"

  validation {
    condition     = can(regex("^[a-z]+[0-9]+g[a-z]*[.]", var.instance_type))
    error_message = "instance_type must have an ARM processor, which has a g after the number of its family, such as \"t4g.small\" or \"m7g.large\": the artifacts are built for arm64."
  }
}

variable "allowed_cidrs" {
  type        = list(string)
  description = "Address ranges that may open the page, such as your office's. Without any, nobody can."

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
  description = "The page's host name, such as `loaf.example.com`. With one, a load balancer has a certificate for it; without, the page has an Elastic IP and a certificate that it signed itself, which browsers warn of."
  default     = null

  validation {
    condition     = var.domain == null ? true : can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]{2,63}$", var.domain))
    error_message = "domain is no host name: give it in lower case and without https://, such as \"loaf.example.com\"."
  }

  validation {
    condition     = var.domain == null || var.zone_id != null
    error_message = "domain needs zone_id, the Route 53 hosted zone in which its records are made: find it with `aws route53 list-hosted-zones`, or leave domain out."
  }

  validation {
    condition     = var.domain == null || length(var.public_subnet_ids) >= 2
    error_message = "domain needs a load balancer, which needs at least two public subnets in different availability zones: give two public_subnet_ids."
  }
}

variable "zone_id" {
  type        = string
  description = "The public Route 53 hosted zone that `domain` lies in."
  default     = null
}

variable "admin_email" {
  type        = string
  description = "The address by which the first admin signs in."
  default     = "admin"
}

variable "warehouse" {
  type = object({
    host              = string
    port              = number
    database          = string
    secret_arns       = map(string)
    security_group_id = string
  })
  description = "The warehouse that the page reads: outputs of the module `warehouse`."
}

variable "queues" {
  type = object({
    urls = map(string)
    arns = map(string)
  })
  description = "The queues `load` and `retry`, whose depth the page shows: outputs of the module `collection`."
}

variable "collection_url" {
  type        = string
  description = "Where applications send events to, which the page shows in code: the output `endpoint` of the module `collection`."

  validation {
    condition     = can(regex("^https://[^ ?#]+$", var.collection_url))
    error_message = "collection_url must begin with https:// and have neither blanks nor a query, such as \"https://abc123.execute-api.eu-central-1.amazonaws.com/live\"."
  }
}

variable "load_state" {
  type = object({
    bucket     = string
    bucket_arn = string
    key        = string
  })
  description = "The object that says when something was last loaded, which the page's alerts wait for: the output of the module `collection`."
}

variable "ask_state" {
  type = object({
    bucket = string
    arn    = string
    key    = string
  })
  description = "The object that tells the load that somebody asks: the output of the module `collection`. Null where loads do not wait for that."
  default     = null
}

variable "alert_topic_arns" {
  type        = list(string)
  description = "The SNS topics that alerts may publish to. None for webhooks alone."
  default     = []

  validation {
    condition     = alltrue([for t in var.alert_topic_arns : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", t))])
    error_message = "alert_topic_arns has an entry that is no ARN of a standard SNS topic: give ARNs such as \"arn:aws:sns:eu-central-1:123456789012:alarms\"; FIFO topics are not published to."
  }
}

variable "password_generation" {
  type        = number
  description = "Raise it to give the page a new admin password and session key. Everybody signs in anew; the server reads them when it starts again."
  default     = 1
}
