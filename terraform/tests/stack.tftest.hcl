# The whole stack: how its parts are put together, and what its variables refuse. This plans
# with the real provider, since the stack holds secrets.

variables {
  artifacts_dir = "./tests/fixtures/artifacts"
}

run "default" {
  command = plan

  assert {
    condition     = output.region == "eu-central-1" && output.buckets == { events = "dataloaf-123456789012-eu-central-1-events", users = "dataloaf-123456789012-eu-central-1-users" } && output.streams == { events = "dataloaf-events", users = "dataloaf-users" }
    error_message = "The stack is called dataloaf, in the provider's region."
  }

  assert {
    condition     = output.functions == { collect = "dataloaf-collect", update = "dataloaf-update", load = "dataloaf-load" } && output.queues.load == { name = "dataloaf-load", dead_letter = "dataloaf-load-dlq" } && toset(keys(output.queue_urls)) == toset(["load", "retry"])
    error_message = "The functions and queues are named by the stack."
  }

  assert {
    condition     = output.log_groups == { collect = "/aws/lambda/dataloaf-collect", update = "/aws/lambda/dataloaf-update", load = "/aws/lambda/dataloaf-load", api = "/dataloaf/dataloaf/api", firehose = "/dataloaf/dataloaf/firehose" }
    error_message = "The log groups are named by the stack."
  }

  assert {
    condition     = issensitive(output.api_keys)
    error_message = "The keys are not shown."
  }

  assert {
    condition     = output.warehouse.port == 5439 && output.warehouse.database == "dataloaf" && toset(keys(output.warehouse.secret_arns)) == toset(["load", "update", "insights"]) && !can(output.warehouse.admin_secret_arn)
    error_message = "The warehouse is named with its users' secrets, not with the admin's."
  }

  assert {
    condition     = module.network.private_zones == 3
    error_message = "Redshift Serverless has its three zones."
  }

  assert {
    condition     = length(module.observability.alarm_names) == 15 && contains(module.observability.alarm_names, "dataloaf-page-down") && !contains(module.observability.alarm_names, "dataloaf-nothing-accepted")
    error_message = "All alarms are there but the one on silence, which is asked for."
  }

  assert {
    condition     = module.insights.load_balancer == null && output.dashboard == "dataloaf"
    error_message = "Without a domain there is no load balancer."
  }
}

run "everything" {
  command = plan

  variables {
    name                     = "shop"
    tags                     = { team = "product" }
    api_keys                 = ["web", "phone"]
    domain                   = "loaf.example.com"
    zone_id                  = "Z0123456789ABCDEFGHIJ"
    allowed_cidrs            = ["203.0.113.0/24", "2001:db8::/48"]
    warehouse                = { type = "provisioned", node_type = "ra3.4xlarge", nodes = 2 }
    load_interval_minutes    = 1
    reserve_load_concurrency = false
    manage_api_logging_role  = false
    raw_retention_days       = 365
    force_destroy            = true
    alarm_email              = "ops@example.com"
    silent_after_hours       = 12
    password_generation      = 2
  }

  assert {
    condition     = output.insights_url == "https://loaf.example.com" && module.insights.load_balancer != null
    error_message = "The page is at its domain."
  }

  assert {
    condition     = contains(module.observability.alarm_names, "shop-nothing-accepted") && length(module.observability.alarm_names) == 16
    error_message = "Silence rings where asked for."
  }

  assert {
    condition     = output.warehouse.name == "shop" && module.network.private_zones == 2
    error_message = "A cluster has two zones."
  }

  assert {
    condition     = toset(keys(nonsensitive(output.api_keys))) == toset(["web", "phone"])
    error_message = "There is a key for every name."
  }
}

run "existing_vpc" {
  command = plan

  variables {
    vpc = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a000000000000000", "subnet-0a000000000000001", "subnet-0a000000000000002"], public_subnet_ids = ["subnet-0b000000000000000"], endpoints = ["sqs", "secretsmanager"] }
  }

  assert {
    condition     = output.vpc_id == "vpc-0123456789abcdef0" && module.network.private_zones == 3
    error_message = "The stack stands in the VPC given."
  }
}

run "existing_vpc_of_two_zones" {
  command = plan

  variables {
    vpc       = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a000000000000000", "subnet-0a000000000000001"], public_subnet_ids = ["subnet-0b000000000000000", "subnet-0b000000000000001"], endpoints = ["sqs", "secretsmanager"] }
    warehouse = { type = "provisioned" }
    domain    = "loaf.example.com"
    zone_id   = "Z0123456789ABCDEFGHIJ"
  }

  assert {
    condition     = module.network.private_zones == 2
    error_message = "A cluster needs two subnets, and a load balancer two."
  }
}

run "for_everybody" {
  command = plan

  variables {
    allowed_cidrs         = ["0.0.0.0/0", "::/0"]
    allow_public_insights = true
  }

  assert {
    condition     = length(module.observability.alarm_names) == 15
    error_message = "Whoever says so opens the page to everybody."
  }
}

run "loads_every_minute" {
  command = plan

  variables {
    name                  = "abc"
    load_interval_minutes = 1
    warehouse             = { rpu_hours_per_day = 96 }
  }

  assert {
    condition     = output.warehouse.name == "abc"
    error_message = "The limit may be just what the loads take; a name may have three letters."
  }
}

run "loads_every_day" {
  command = plan

  variables {
    name                  = "a-name-of-20-letters"
    load_interval_minutes = 1440
    warehouse             = { rpu_hours_per_day = 1 }
  }

  assert {
    condition     = output.buckets.events == "a-name-of-20-letters-123456789012-eu-central-1-events"
    error_message = "A load a day is the least; a name may have twenty letters."
  }
}

run "loads_hourly_while_nobody_asks" {
  command = plan

  variables {
    idle_load_interval_minutes = 60
  }

  assert {
    condition     = output.idle_load_interval_minutes == 60 && module.collection.ask_state.key == "state/asked.json"
    error_message = "The load waits, and the page can tell it that somebody asks."
  }
}

# --- what is refused --------------------------------------------------------------

run "name_too_short" {
  command = plan

  variables {
    name = "ab"
  }

  expect_failures = [var.name]
}

run "name_too_long" {
  command = plan

  variables {
    name = "a-name-of-21-letterss"
  }

  expect_failures = [var.name]
}

run "name_in_upper_case" {
  command = plan

  variables {
    name = "Loaf"
  }

  expect_failures = [var.name]
}

run "name_with_two_hyphens" {
  command = plan

  variables {
    name = "loaf--test"
  }

  expect_failures = [var.name]
}

run "name_with_a_hyphen_at_the_end" {
  command = plan

  variables {
    name = "loaf-"
  }

  expect_failures = [var.name]
}

run "name_with_a_digit_first" {
  command = plan

  variables {
    name = "1loaf"
  }

  expect_failures = [var.name]
}

run "name_with_a_dot" {
  command = plan

  variables {
    name = "loaf.test"
  }

  expect_failures = [var.name]
}

run "name_that_aws_keeps" {
  command = plan

  variables {
    name = "sthree-loaf"
  }

  expect_failures = [var.name]
}

run "name_that_aws_keeps_alone" {
  command = plan

  variables {
    name = "aws"
  }

  expect_failures = [var.name]
}

run "tag_of_the_stack" {
  command = plan

  variables {
    tags = { "dataloaf:stack" = "mine" }
  }

  expect_failures = [var.tags]
}

run "interval_too_short" {
  command = plan

  variables {
    load_interval_minutes = 0
  }

  expect_failures = [var.load_interval_minutes]
}

run "interval_too_long" {
  command = plan

  variables {
    load_interval_minutes = 1441
  }

  expect_failures = [var.load_interval_minutes]
}

run "interval_no_whole_number" {
  command = plan

  variables {
    load_interval_minutes = 2.5
  }

  expect_failures = [var.load_interval_minutes]
}

run "idle_interval_not_above_the_interval" {
  command = plan

  variables {
    idle_load_interval_minutes = 3
  }

  expect_failures = [var.idle_load_interval_minutes]
}

run "idle_interval_too_long" {
  command = plan

  variables {
    idle_load_interval_minutes = 1441
  }

  expect_failures = [var.idle_load_interval_minutes]
}

run "idle_interval_no_whole_number" {
  command = plan

  variables {
    idle_load_interval_minutes = 4.5
  }

  expect_failures = [var.idle_load_interval_minutes]
}

run "warehouse_that_is_unknown" {
  command = plan

  variables {
    warehouse = { type = "postgres" }
  }

  expect_failures = [var.warehouse]
}

run "limit_below_what_loads_take" {
  command = plan

  variables {
    warehouse = { rpu_hours_per_day = 31 }
  }

  expect_failures = [var.warehouse]
}

run "limit_below_what_loads_take_every_minute" {
  command = plan

  variables {
    load_interval_minutes = 1
    warehouse             = { rpu_hours_per_day = 95 }
  }

  expect_failures = [var.warehouse]
}

run "existing_vpc_of_two_zones_for_serverless" {
  command = plan

  variables {
    vpc = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a000000000000000", "subnet-0a000000000000001"], public_subnet_ids = ["subnet-0b000000000000000"], endpoints = ["sqs", "secretsmanager"] }
  }

  expect_failures = [var.vpc]
}

run "existing_vpc_of_one_zone_for_a_cluster" {
  command = plan

  variables {
    vpc       = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a000000000000000", "subnet-0a000000000000000"], public_subnet_ids = ["subnet-0b000000000000000"], endpoints = [] }
    warehouse = { type = "provisioned" }
  }

  expect_failures = [var.vpc]
}

run "existing_vpc_of_three_subnets_in_two_zones" {
  command = plan

  variables {
    vpc = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a000000000000000", "subnet-0a000000000000001", "subnet-0a000000000000003"], public_subnet_ids = ["subnet-0b000000000000000"], endpoints = [] }
  }

  expect_failures = [output.warehouse]
}

run "existing_vpc_without_a_public_subnet" {
  command = plan

  variables {
    vpc = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a000000000000000", "subnet-0a000000000000001", "subnet-0a000000000000002"], public_subnet_ids = [], endpoints = ["sqs", "secretsmanager"] }
  }

  expect_failures = [var.vpc]
}

run "existing_vpc_with_one_public_subnet_for_a_domain" {
  command = plan

  variables {
    vpc     = { id = "vpc-0123456789abcdef0", private_subnet_ids = ["subnet-0a000000000000000", "subnet-0a000000000000001", "subnet-0a000000000000002"], public_subnet_ids = ["subnet-0b000000000000000"], endpoints = ["sqs", "secretsmanager"] }
    domain  = "loaf.example.com"
    zone_id = "Z0123456789ABCDEFGHIJ"
  }

  expect_failures = [var.vpc]
}

run "range_that_is_none" {
  command = plan

  variables {
    allowed_cidrs = ["203.0.113.7"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "everybody_without_saying_so" {
  command = plan

  variables {
    allowed_cidrs = ["203.0.113.0/24", "0.0.0.0/0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "everybody_by_ipv6_without_saying_so" {
  command = plan

  variables {
    allowed_cidrs = ["::/0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "domain_without_a_zone" {
  command = plan

  variables {
    domain = "loaf.example.com"
  }

  expect_failures = [var.domain]
}

run "password_generation_too_low" {
  command = plan

  variables {
    password_generation = 0
  }

  expect_failures = [var.password_generation]
}

run "password_generation_no_whole_number" {
  command = plan

  variables {
    password_generation = 1.5
  }

  expect_failures = [var.password_generation]
}
