# The module insights. It holds a secret, whose ephemeral resource is not mocked: this
# plans with the real provider, and the overrides tell what is known only after an apply.

variables {
  name              = "loaf-test"
  tags              = { team = "product" }
  artifacts_dir     = "./tests/fixtures/artifacts"
  vpc_id            = "vpc-0123456789abcdef0"
  vpc_cidrs         = ["10.20.0.0/16", "10.21.0.0/16"]
  public_subnet_ids = ["subnet-0a", "subnet-0b"]
  allowed_cidrs     = ["203.0.113.0/24", "2001:db8::/48"]

  warehouse = {
    host              = "warehouse.example.com"
    port              = 5439
    database          = "dataloaf"
    secret_arns       = { load = "arn:secret:load", update = "arn:secret:update", insights = "arn:secret:insights" }
    security_group_id = "sg-0warehouse"
  }

  queues = {
    urls = { load = "https://sqs/load", retry = "https://sqs/retry" }
    arns = { load = "arn:sqs:load", retry = "arn:sqs:retry" }
  }

  collection_url = "https://abc123.execute-api.eu-central-1.amazonaws.com/live"

  load_state = {
    bucket     = "loaf-test-events"
    bucket_arn = "arn:aws:s3:::loaf-test-events"
    key        = "state/loaded.json"
  }

  alert_topic_arns = ["arn:aws:sns:eu-central-1:123456789012:loaf-test-alarms"]
}

override_module {
  target  = module.secret
  outputs = { arn = "arn:secret:page", name = "loaf-test/insights" }
}

override_resource {
  target          = aws_s3_bucket.artifacts
  override_during = plan
  values          = { id = "loaf-test-123456789012-eu-central-1-artifacts", arn = "arn:aws:s3:::loaf-test-123456789012-eu-central-1-artifacts" }
}

override_resource {
  target          = aws_eip.this
  override_during = plan
  values          = { id = "eipalloc-0page", arn = "arn:aws:ec2:eu-central-1:123456789012:elastic-ip/eipalloc-0page", public_ip = "198.51.100.7" }
}

override_resource {
  target          = aws_security_group.instance
  override_during = plan
  values          = { id = "sg-0instance" }
}

override_resource {
  target          = aws_security_group.balancer
  override_during = plan
  values          = { id = "sg-0balancer" }
}

run "without_a_domain" {
  command = plan

  module {
    source = "./modules/insights"
  }

  assert {
    condition     = length(aws_lb.this) + length(aws_lb_target_group.this) + length(aws_lb_listener.http) + length(aws_lb_listener.https) + length(aws_acm_certificate.this) + length(aws_acm_certificate_validation.this) + length(aws_route53_record.validation) + length(aws_route53_record.page) + length(aws_security_group.balancer) + length(aws_vpc_security_group_ingress_rule.balancer) + length(aws_vpc_security_group_egress_rule.balancer) == 0
    error_message = "Without a domain there are no load balancer, listeners, certificate and records."
  }

  assert {
    condition     = length(aws_eip.this) == 1 && output.url == "https://198.51.100.7" && output.load_balancer == null
    error_message = "Without a domain the page has an Elastic IP."
  }

  assert {
    condition = { for k, r in aws_vpc_security_group_ingress_rule.door : k => [r.security_group_id, coalesce(r.cidr_ipv4, r.cidr_ipv6), r.ip_protocol, r.from_port, r.to_port] } == {
      "80 from 203.0.113.0/24"  = ["sg-0instance", "203.0.113.0/24", "tcp", 80, 80]
      "443 from 203.0.113.0/24" = ["sg-0instance", "203.0.113.0/24", "tcp", 443, 443]
      "80 from 2001:db8::/48"   = ["sg-0instance", "2001:db8::/48", "tcp", 80, 80]
      "443 from 2001:db8::/48"  = ["sg-0instance", "2001:db8::/48", "tcp", 443, 443]
    }
    error_message = "The instance takes HTTP and HTTPS from the ranges given, and from nowhere else."
  }

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 2 && aws_launch_template.this.metadata_options[0].http_endpoint == "enabled"
    error_message = "Credentials come by IMDSv2 alone, as far as a container."
  }

  assert {
    condition     = alltrue([for d in aws_launch_template.this.block_device_mappings : d.ebs[0].encrypted == "true" && d.ebs[0].delete_on_termination == "true" && d.ebs[0].volume_type == "gp3"]) && length(aws_launch_template.this.block_device_mappings) == 1
    error_message = "The disk is encrypted, and goes with the instance."
  }

  assert {
    condition     = aws_launch_template.this.image_id == "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64" && aws_launch_template.this.instance_type == "t4g.small" && aws_launch_template.this.key_name == null
    error_message = "The instance is Amazon's newest Linux on ARM, without a key for SSH."
  }

  assert {
    condition     = aws_launch_template.this.network_interfaces[0].associate_public_ip_address == "true" && toset(aws_launch_template.this.network_interfaces[0].security_groups) == toset(["sg-0instance"]) && toset(aws_autoscaling_group.this.vpc_zone_identifier) == toset(["subnet-0a", "subnet-0b"])
    error_message = "The instance stands in the public subnets, in its own security group."
  }

  assert {
    condition     = [aws_autoscaling_group.this.min_size, aws_autoscaling_group.this.max_size, aws_autoscaling_group.this.desired_capacity] == [1, 1, 1] && aws_autoscaling_group.this.health_check_type == "EC2" && toset(aws_autoscaling_group.this.enabled_metrics) == toset(["GroupInServiceInstances"])
    error_message = "There is one instance, which is replaced when it fails, and the metric of its alarm."
  }

  assert {
    condition     = toset([for s in aws_launch_template.this.tag_specifications : s.resource_type if s.tags["dataloaf:stack"] == "loaf-test" && s.tags.team == "product"]) == toset(["instance", "network-interface", "volume"])
    error_message = "What the template launches carries the tags."
  }

  assert {
    condition     = { for k, t in aws_ec2_tag.launch_template : t.key => t.value } == { "dataloaf:stack" = "loaf-test", team = "product" } && { for t in aws_autoscaling_group.this.tag : t.key => t.value } == { "dataloaf:stack" = "loaf-test", team = "product", Name = "loaf-test-insights" }
    error_message = "The template and the group carry the tags."
  }

  assert {
    condition = { for line in regexall("(?m)^([A-Z][A-Z0-9_]*)=(.*)$", split("ENVIRONMENT\n", replace(base64decode(aws_launch_template.this.user_data), "'ENVIRONMENT'\n", "ENVIRONMENT\n"))[1]) : line[0] => line[1] } == {
      AWS_REGION              = "eu-central-1"
      LOAF_STACK              = "loaf-test"
      LOAF_WAREHOUSE_SECRET   = "arn:secret:insights"
      LOAF_WAREHOUSE_HOST     = "warehouse.example.com"
      LOAF_WAREHOUSE_PORT     = "5439"
      LOAF_WAREHOUSE_DATABASE = "dataloaf"
      LOAF_INSIGHTS_SECRET    = "arn:secret:page"
      LOAF_LOAD_QUEUE_URL     = "https://sqs/load"
      LOAF_RETRY_QUEUE_URL    = "https://sqs/retry"
      LOAF_COLLECTION_URL     = "https://abc123.execute-api.eu-central-1.amazonaws.com/live"
      LOAF_LOAD_STATE         = "s3://loaf-test-events/state/loaded.json"
      LOAF_ALERT_TOPICS       = "arn:aws:sns:eu-central-1:123456789012:loaf-test-alarms"
      LOAF_PUBLIC_URL         = "https://198.51.100.7"
      LOAF_TLS                = "self-signed"
      LOAF_EIP_ALLOCATION_ID  = "eipalloc-0page"
      LOAF_ASG                = "loaf-test-insights"
      LOAF_TRUSTED_NETWORKS   = ""
      LOAF_ADMIN_EMAIL        = "admin"
    }
    error_message = "User data say all that the boot needs, and name secrets without showing them."
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "s3://loaf-test-123456789012-eu-central-1-artifacts/${aws_s3_object.bundle.key}") && strcontains(base64decode(aws_launch_template.this.user_data), "${filesha256("./tests/fixtures/artifacts/insights.tar.gz")}  insights.tar.gz") && strcontains(base64decode(aws_launch_template.this.user_data), "umask 077")
    error_message = "The instance installs this bundle and no other; only root reads its settings."
  }

  assert {
    condition     = aws_s3_object.bundle.key == "insights-${substr(filesha256("./tests/fixtures/artifacts/insights.tar.gz"), 0, 16)}.tar.gz" && aws_s3_object.bundle.source == "./tests/fixtures/artifacts/insights.tar.gz"
    error_message = "The bundle is named by what it holds."
  }

  assert {
    condition     = aws_s3_bucket.artifacts.bucket == "loaf-test-123456789012-eu-central-1-artifacts" && aws_s3_bucket_public_access_block.artifacts.block_public_acls && aws_s3_bucket_public_access_block.artifacts.block_public_policy && aws_s3_bucket_public_access_block.artifacts.ignore_public_acls && aws_s3_bucket_public_access_block.artifacts.restrict_public_buckets
    error_message = "The bucket of artifacts cannot be made public."
  }

  assert {
    condition     = aws_s3_bucket_versioning.artifacts.versioning_configuration[0].status == "Enabled" && [for r in aws_s3_bucket_server_side_encryption_configuration.artifacts.rule : r.apply_server_side_encryption_by_default[0].sse_algorithm] == ["AES256"] && aws_s3_bucket_ownership_controls.artifacts.rule[0].object_ownership == "BucketOwnerEnforced" && [for r in aws_s3_bucket_lifecycle_configuration.artifacts.rule : r.noncurrent_version_expiration[0].noncurrent_days] == [30]
    error_message = "The bucket of artifacts is encrypted, and keeps versions for 30 days."
  }

  assert {
    condition     = [for s in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement : [s.Effect, s.Principal, s.Action, s.Condition.Bool["aws:SecureTransport"], jsonencode(s.Resource)]] == [["Deny", "*", "S3:*", "false", jsonencode(["arn:aws:s3:::loaf-test-123456789012-eu-central-1-artifacts", "arn:aws:s3:::loaf-test-123456789012-eu-central-1-artifacts/*"])]]
    error_message = "Nothing is had from the bucket of artifacts without TLS."
  }

  assert {
    condition = toset(flatten([for s in concat(jsondecode(aws_iam_role_policy.this.policy).Statement, jsondecode(aws_iam_role_policy.ssm.policy).Statement) : [for a in flatten([s.Action]) : [for r in flatten([s.Resource]) : "${a} ${r}${can(s.Condition) ? " if ${jsonencode(s.Condition)}" : ""}"]]])) == toset([
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-artifacts/*",
      "secretsmanager:GetSecretValue arn:secret:page",
      "secretsmanager:GetSecretValue arn:secret:insights",
      "sqs:GetQueueAttributes arn:sqs:load",
      "sqs:GetQueueAttributes arn:sqs:retry",
      "s3:GetObject arn:aws:s3:::loaf-test-events/state/loaded.json",
      "s3:ListBucket arn:aws:s3:::loaf-test-events if {\"StringEquals\":{\"s3:prefix\":\"state/loaded.json\"}}",
      "sns:Publish arn:aws:sns:eu-central-1:123456789012:loaf-test-alarms",
      "autoscaling:SetInstanceHealth arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:*:autoScalingGroupName/loaf-test-insights",
      "ssm:UpdateInstanceInformation *",
      "ssmmessages:CreateControlChannel *",
      "ssmmessages:CreateDataChannel *",
      "ssmmessages:OpenControlChannel *",
      "ssmmessages:OpenDataChannel *",
      "ec2:AssociateAddress arn:aws:ec2:eu-central-1:123456789012:elastic-ip/eipalloc-0page",
      "ec2:AssociateAddress arn:aws:ec2:eu-central-1:123456789012:instance/* if {\"StringEquals\":{\"aws:ResourceTag/dataloaf:stack\":\"loaf-test\"}}",
      "ec2:AssociateAddress arn:aws:ec2:eu-central-1:123456789012:network-interface/* if {\"StringEquals\":{\"aws:ResourceTag/dataloaf:stack\":\"loaf-test\"}}",
    ])
    error_message = "The instance may do this, and nothing more: of all addresses it takes its own, for what carries the stack's tag."
  }

  assert {
    condition     = one([for s in jsondecode(aws_iam_role.this.assume_role_policy).Statement : s.Principal.Service]) == "ec2.amazonaws.com" && aws_iam_instance_profile.this.role == "loaf-test-insights"
    error_message = "The role is the instance's."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.warehouse.referenced_security_group_id == "sg-0warehouse" && aws_vpc_security_group_egress_rule.warehouse.from_port == 5439 && [aws_vpc_security_group_egress_rule.https.ip_protocol, tostring(aws_vpc_security_group_egress_rule.https.from_port), tostring(aws_vpc_security_group_egress_rule.https.to_port)] == ["tcp", "443", "443"]
    error_message = "The instance goes out by HTTPS, and to the warehouse."
  }

  assert {
    condition     = alltrue([for r in concat([aws_s3_bucket.artifacts, aws_s3_object.bundle, aws_iam_role.this, aws_iam_instance_profile.this, aws_security_group.instance, aws_vpc_security_group_egress_rule.https, aws_vpc_security_group_egress_rule.warehouse], aws_eip.this, values(aws_vpc_security_group_ingress_rule.door)) : r.tags["dataloaf:stack"] == "loaf-test" && r.tags.team == "product"])
    error_message = "Everything carries the stack's tag and the caller's."
  }
}

run "for_nobody" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    allowed_cidrs     = []
    public_subnet_ids = ["subnet-0a"]
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.door) == 0
    error_message = "Without ranges nobody gets in."
  }
}

run "for_everybody" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    allowed_cidrs         = ["0.0.0.0/0", "::/0"]
    allow_public_insights = true
  }

  assert {
    condition     = toset([for r in aws_vpc_security_group_ingress_rule.door : coalesce(r.cidr_ipv4, r.cidr_ipv6)]) == toset(["0.0.0.0/0", "::/0"]) && alltrue([for r in aws_vpc_security_group_ingress_rule.door : contains([80, 443], r.from_port) && r.from_port == r.to_port])
    error_message = "Whoever says so opens the door to everybody, and no other port."
  }
}

run "with_a_domain" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    ask_state = { bucket = "loaf-test-events", arn = "arn:aws:s3:::loaf-test-events/state/asked.json", key = "state/asked.json" }

    domain      = "loaf.example.com"
    zone_id     = "Z0123456789ABCDEFGHIJ"
    admin_email = "ada@example.com"
  }

  assert {
    condition     = length(aws_eip.this) == 0 && output.url == "https://loaf.example.com" && output.load_balancer != null
    error_message = "With a domain there is no Elastic IP."
  }

  assert {
    condition = { for k, r in aws_vpc_security_group_ingress_rule.door : k => [r.security_group_id, coalesce(r.cidr_ipv4, r.cidr_ipv6), r.ip_protocol, r.from_port, r.to_port] } == {
      "80 from 203.0.113.0/24"  = ["sg-0balancer", "203.0.113.0/24", "tcp", 80, 80]
      "443 from 203.0.113.0/24" = ["sg-0balancer", "203.0.113.0/24", "tcp", 443, 443]
      "80 from 2001:db8::/48"   = ["sg-0balancer", "2001:db8::/48", "tcp", 80, 80]
      "443 from 2001:db8::/48"  = ["sg-0balancer", "2001:db8::/48", "tcp", 443, 443]
    }
    error_message = "The load balancer takes HTTP and HTTPS from the ranges given, and from nowhere else."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.balancer[0].security_group_id == "sg-0instance" && aws_vpc_security_group_ingress_rule.balancer[0].referenced_security_group_id == "sg-0balancer" && aws_vpc_security_group_ingress_rule.balancer[0].from_port == 80 && aws_vpc_security_group_ingress_rule.balancer[0].to_port == 80 && aws_vpc_security_group_ingress_rule.balancer[0].cidr_ipv4 == null
    error_message = "The instance takes HTTP from the load balancer alone."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.balancer[0].referenced_security_group_id == "sg-0instance" && aws_vpc_security_group_egress_rule.balancer[0].from_port == 80
    error_message = "The load balancer reaches the instance alone."
  }

  assert {
    condition     = aws_lb_listener.https[0].port == 443 && aws_lb_listener.https[0].protocol == "HTTPS" && startswith(aws_lb_listener.https[0].ssl_policy, "ELBSecurityPolicy-TLS13-1-2") && aws_lb_listener.https[0].default_action[0].type == "forward"
    error_message = "The page is served by HTTPS, of TLS 1.2 and 1.3."
  }

  assert {
    condition     = aws_lb_listener.http[0].port == 80 && aws_lb_listener.http[0].default_action[0].type == "redirect" && aws_lb_listener.http[0].default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http[0].default_action[0].redirect[0].port == "443" && aws_lb_listener.http[0].default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "HTTP leads to HTTPS and nowhere else."
  }

  assert {
    condition     = aws_lb.this[0].internal == false && aws_lb.this[0].drop_invalid_header_fields == true && aws_lb.this[0].load_balancer_type == "application" && aws_lb.this[0].idle_timeout == 120 && toset(aws_lb.this[0].security_groups) == toset(["sg-0balancer"])
    error_message = "The load balancer drops invalid headers, and waits for slow questions."
  }

  assert {
    condition     = aws_lb_target_group.this[0].health_check[0].path == "/healthz" && aws_lb_target_group.this[0].port == 80 && aws_autoscaling_group.this.health_check_type == "ELB"
    error_message = "The load balancer asks /healthz, which wakes no warehouse, and its answer replaces the instance."
  }

  assert {
    condition     = aws_acm_certificate.this[0].domain_name == "loaf.example.com" && aws_acm_certificate.this[0].validation_method == "DNS" && aws_route53_record.validation[0].zone_id == "Z0123456789ABCDEFGHIJ"
    error_message = "The certificate is the domain's, validated in its zone."
  }

  assert {
    condition     = aws_route53_record.page[0].name == "loaf.example.com" && aws_route53_record.page[0].type == "A" && aws_route53_record.page[0].zone_id == "Z0123456789ABCDEFGHIJ" && length(aws_route53_record.page[0].alias) == 1
    error_message = "The domain leads to the load balancer."
  }

  assert {
    condition = { for line in regexall("(?m)^([A-Z][A-Z0-9_]*)=(.*)$", split("ENVIRONMENT\n", replace(base64decode(aws_launch_template.this.user_data), "'ENVIRONMENT'\n", "ENVIRONMENT\n"))[1]) : line[0] => line[1] } == {
      AWS_REGION              = "eu-central-1"
      LOAF_STACK              = "loaf-test"
      LOAF_WAREHOUSE_SECRET   = "arn:secret:insights"
      LOAF_WAREHOUSE_HOST     = "warehouse.example.com"
      LOAF_WAREHOUSE_PORT     = "5439"
      LOAF_WAREHOUSE_DATABASE = "dataloaf"
      LOAF_INSIGHTS_SECRET    = "arn:secret:page"
      LOAF_LOAD_QUEUE_URL     = "https://sqs/load"
      LOAF_RETRY_QUEUE_URL    = "https://sqs/retry"
      LOAF_COLLECTION_URL     = "https://abc123.execute-api.eu-central-1.amazonaws.com/live"
      LOAF_LOAD_STATE         = "s3://loaf-test-events/state/loaded.json"
      LOAF_ASK_STATE          = "s3://loaf-test-events/state/asked.json"
      LOAF_ALERT_TOPICS       = "arn:aws:sns:eu-central-1:123456789012:loaf-test-alarms"
      LOAF_PUBLIC_URL         = "https://loaf.example.com"
      LOAF_TLS                = "load-balancer"
      LOAF_EIP_ALLOCATION_ID  = ""
      LOAF_ASG                = "loaf-test-insights"
      LOAF_TRUSTED_NETWORKS   = "10.20.0.0/16,10.21.0.0/16"
      LOAF_ADMIN_EMAIL        = "ada@example.com"
    }
    error_message = "User data say that a load balancer stands before the page, and whom to believe."
  }

  assert {
    condition = toset(flatten([for s in concat(jsondecode(aws_iam_role_policy.this.policy).Statement, jsondecode(aws_iam_role_policy.ssm.policy).Statement) : [for a in flatten([s.Action]) : [for r in flatten([s.Resource]) : "${a} ${r}${can(s.Condition) ? " if ${jsonencode(s.Condition)}" : ""}"]]])) == toset([
      "s3:GetObject arn:aws:s3:::loaf-test-123456789012-eu-central-1-artifacts/*",
      "secretsmanager:GetSecretValue arn:secret:page",
      "secretsmanager:GetSecretValue arn:secret:insights",
      "sqs:GetQueueAttributes arn:sqs:load",
      "sqs:GetQueueAttributes arn:sqs:retry",
      "s3:GetObject arn:aws:s3:::loaf-test-events/state/loaded.json",
      "s3:PutObject arn:aws:s3:::loaf-test-events/state/asked.json",
      "s3:ListBucket arn:aws:s3:::loaf-test-events if {\"StringEquals\":{\"s3:prefix\":\"state/loaded.json\"}}",
      "sns:Publish arn:aws:sns:eu-central-1:123456789012:loaf-test-alarms",
      "autoscaling:SetInstanceHealth arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:*:autoScalingGroupName/loaf-test-insights",
      "ssm:UpdateInstanceInformation *",
      "ssmmessages:CreateControlChannel *",
      "ssmmessages:CreateDataChannel *",
      "ssmmessages:OpenControlChannel *",
      "ssmmessages:OpenDataChannel *",
    ])
    error_message = "With a domain the instance has no address to take."
  }

  assert {
    condition     = alltrue([for r in concat(aws_lb.this, aws_lb_target_group.this, aws_lb_listener.http, aws_lb_listener.https, aws_acm_certificate.this, aws_security_group.balancer, aws_vpc_security_group_ingress_rule.balancer, aws_vpc_security_group_egress_rule.balancer) : r.tags["dataloaf:stack"] == "loaf-test" && r.tags.team == "product"])
    error_message = "Everything carries the stack's tag and the caller's."
  }
}

run "with_a_domain_in_private_subnets" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    domain             = "loaf.example.com"
    zone_id            = "Z0123456789ABCDEFGHIJ"
    private_subnet_ids = ["subnet-0p"]
  }

  assert {
    condition     = toset(aws_autoscaling_group.this.vpc_zone_identifier) == toset(["subnet-0p"]) && aws_launch_template.this.network_interfaces[0].associate_public_ip_address == "false" && toset(aws_lb.this[0].subnets) == toset(["subnet-0a", "subnet-0b"])
    error_message = "The instance stands in the private subnet, without a public address, behind a load balancer in the public ones."
  }
}

run "with_the_domain_of_the_zone" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    name          = "a-name-of-20-letters"
    domain        = "example.com"
    zone_id       = "Z0123456789ABCDEFGHIJ"
    instance_type = "m7gd.large"
  }

  override_data {
    target = data.aws_route53_zone.this
    values = { zone_id = "Z0123456789ABCDEFGHIJ", name = "example.com.", private_zone = false }
  }

  assert {
    condition     = aws_acm_certificate.this[0].domain_name == "example.com"
    error_message = "The domain may be that of the zone itself."
  }

  assert {
    condition     = length(aws_lb.this[0].name) <= 32 && length(aws_lb_target_group.this[0].name) <= 32
    error_message = "The longest name leaves room in the load balancer's."
  }
}

# --- what is refused --------------------------------------------------------------

run "private_subnets_without_a_domain" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    private_subnet_ids = ["subnet-0p"]
  }

  expect_failures = [var.private_subnet_ids]
}

run "collection_without_tls" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    collection_url = "http://collect.example.com"
  }

  expect_failures = [var.collection_url]
}

run "alerts_to_a_fifo_topic" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    alert_topic_arns = ["arn:aws:sns:eu-central-1:123456789012:alarms.fifo"]
  }

  expect_failures = [var.alert_topic_arns]
}

run "alerts_by_webhook_alone" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    alert_topic_arns = []
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.this.policy, "sns:")
    error_message = "Without a topic the instance publishes nothing."
  }
}

run "instance_with_another_processor" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    instance_type = "t3.small"
  }

  expect_failures = [var.instance_type]
}

run "instance_of_a_family_with_a_g" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    instance_type = "g5.xlarge"
  }

  expect_failures = [var.instance_type]
}

run "range_that_is_none" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    allowed_cidrs = ["203.0.113.7"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "range_that_is_a_name" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    allowed_cidrs = ["203.0.113.0/24", "office"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "everybody_without_saying_so" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    allowed_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "everybody_by_ipv6_without_saying_so" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    allowed_cidrs = ["203.0.113.0/24", "::/0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "domain_with_a_scheme" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    domain  = "https://loaf.example.com"
    zone_id = "Z0123456789ABCDEFGHIJ"
  }

  expect_failures = [var.domain]
}

run "domain_in_upper_case" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    domain  = "Loaf.Example.com"
    zone_id = "Z0123456789ABCDEFGHIJ"
  }

  expect_failures = [var.domain]
}

run "domain_of_one_label" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    domain  = "localhost"
    zone_id = "Z0123456789ABCDEFGHIJ"
  }

  expect_failures = [var.domain]
}

run "domain_without_a_zone" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    domain = "loaf.example.com"
  }

  expect_failures = [var.domain]
}

run "domain_with_one_subnet" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    domain            = "loaf.example.com"
    zone_id           = "Z0123456789ABCDEFGHIJ"
    public_subnet_ids = ["subnet-0a"]
  }

  expect_failures = [var.domain]
}

run "domain_of_another_zone" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    domain  = "loaf.example.org"
    zone_id = "Z0123456789ABCDEFGHIJ"
  }

  expect_failures = [data.aws_route53_zone.this]
}

run "domain_that_only_ends_like_the_zone" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    domain  = "loaf.notexample.com"
    zone_id = "Z0123456789ABCDEFGHIJ"
  }

  expect_failures = [data.aws_route53_zone.this]
}

run "private_zone" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    domain  = "loaf.example.com"
    zone_id = "Z0PRIVATE9ABCDEFGHIJ"
  }

  expect_failures = [data.aws_route53_zone.this]
}

run "artifacts_missing" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    artifacts_dir = "./tests/fixtures/nowhere"
  }

  expect_failures = [aws_s3_object.bundle]
}

run "artifacts_partial" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    artifacts_dir = "./tests/fixtures/artifacts-partial"
  }

  expect_failures = [aws_s3_object.bundle]
}

run "artifacts_without_a_manifest" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    artifacts_dir = "./tests/fixtures/artifacts-without-manifest"
  }

  expect_failures = [aws_s3_object.bundle]
}

run "artifacts_of_another_architecture" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    artifacts_dir = "./tests/fixtures/artifacts-x86_64"
  }

  expect_failures = [aws_s3_object.bundle]
}

run "artifacts_of_two_versions" {
  command = plan

  module {
    source = "./modules/insights"
  }

  variables {
    artifacts_dir = "./tests/fixtures/artifacts-mixed"
  }

  expect_failures = [aws_s3_object.bundle]
}
