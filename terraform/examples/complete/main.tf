# A stack as a company runs it: a page under its own domain, alarms by mail, keys for two
# applications, an eye on silence, and loads that cost less.

provider "aws" {
  region = var.region
}

data "aws_route53_zone" "this" {
  name = var.zone
}

module "dataloaf" {
  source = "../.."

  name                  = var.name
  artifacts_dir         = var.artifacts_dir
  domain                = "loaf.${var.zone}"
  zone_id               = data.aws_route53_zone.this.zone_id
  allowed_cidrs         = var.allowed_cidrs
  api_keys              = ["shop", "warehouse"]
  load_interval_minutes = 15
  alarm_email           = var.alarm_email
  silent_after_hours    = 6
  raw_retention_days    = 730
  tags                  = { team = "product" }

  warehouse = {
    base_capacity     = 8
    rpu_hours_per_day = 96
  }
}
