# The module warehouse. It holds secrets, whose ephemeral resources are not mocked: this
# plans with the real provider, and the overrides tell what is known only after an apply.

variables {
  name       = "loaf-test"
  tags       = { team = "product" }
  vpc_id     = "vpc-0123456789abcdef0"
  subnet_ids = ["subnet-0a", "subnet-0b", "subnet-0c"]
  clients    = { functions = "sg-0functions", insights = "sg-0insights" }
  buckets    = { events = "arn:aws:s3:::loaf-test-events", users = "arn:aws:s3:::loaf-test-users" }
}

override_resource {
  target          = aws_security_group.this
  override_during = plan
  values          = { id = "sg-0warehouse" }
}

override_resource {
  target          = aws_iam_role.copy
  override_during = plan
  values          = { id = "loaf-test-copy", arn = "arn:aws:iam::123456789012:role/loaf-test-copy" }
}

run "serverless" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  assert {
    condition     = aws_redshiftserverless_workgroup.this[0].publicly_accessible == false && aws_redshiftserverless_workgroup.this[0].enhanced_vpc_routing == true
    error_message = "The warehouse is private, and COPY keeps to the VPC."
  }

  assert {
    condition     = toset(aws_redshiftserverless_workgroup.this[0].subnet_ids) == toset(["subnet-0a", "subnet-0b", "subnet-0c"]) && toset(aws_redshiftserverless_workgroup.this[0].security_group_ids) == toset(["sg-0warehouse"])
    error_message = "The warehouse stands in the subnets given, in its own security group."
  }

  assert {
    condition     = aws_redshiftserverless_workgroup.this[0].base_capacity == 4 && aws_redshiftserverless_workgroup.this[0].max_capacity == 4
    error_message = "The warehouse does not grow beyond its base, and its bill neither."
  }

  assert {
    condition     = { for p in aws_redshiftserverless_workgroup.this[0].config_parameter : p.parameter_key => p.parameter_value } == { enable_case_sensitive_identifier = "true", require_ssl = "true" }
    error_message = "camelCase properties are found, and nobody connects without TLS."
  }

  assert {
    condition     = aws_redshiftserverless_usage_limit.this[0].amount == 64 && aws_redshiftserverless_usage_limit.this[0].period == "daily" && aws_redshiftserverless_usage_limit.this[0].breach_action == "deactivate" && aws_redshiftserverless_usage_limit.this[0].usage_type == "serverless-compute"
    error_message = "A limit of RPU-hours a day switches the warehouse off."
  }

  assert {
    condition     = aws_redshiftserverless_namespace.this[0].manage_admin_password == true && aws_redshiftserverless_namespace.this[0].admin_user_password == null && aws_redshiftserverless_namespace.this[0].db_name == "dataloaf"
    error_message = "The admin's password is made and kept by AWS."
  }

  assert {
    condition     = aws_redshiftserverless_namespace.this[0].iam_roles == toset(["arn:aws:iam::123456789012:role/loaf-test-copy"])
    error_message = "COPY has its role, and no other."
  }

  assert {
    condition     = length(aws_redshift_cluster.this) + length(aws_redshift_subnet_group.this) + length(aws_redshift_parameter_group.this) == 0
    error_message = "There is no cluster beside it."
  }

  assert {
    condition     = { for k, r in aws_vpc_security_group_ingress_rule.clients : k => [r.security_group_id, r.referenced_security_group_id, r.ip_protocol, r.from_port, r.to_port, r.cidr_ipv4 == null && r.cidr_ipv6 == null && r.prefix_list_id == null] } == { functions = ["sg-0warehouse", "sg-0functions", "tcp", 5439, 5439, true], insights = ["sg-0warehouse", "sg-0insights", "tcp", 5439, 5439, true] }
    error_message = "Only the two security groups get in, by their names and to the one port."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.s3.cidr_ipv4 == null && startswith(aws_vpc_security_group_egress_rule.s3.prefix_list_id, "pl-") && aws_vpc_security_group_egress_rule.s3.from_port == 443 && aws_vpc_security_group_egress_rule.s3.to_port == 443
    error_message = "The warehouse goes out to S3 alone."
  }

  assert {
    condition = toset(flatten([for s in jsondecode(aws_iam_role_policy.copy.policy).Statement : [for a in flatten([s.Action]) : [for r in flatten([s.Resource]) : "${s.Effect} ${a} ${r}"]]])) == toset([
      "Allow s3:GetObject arn:aws:s3:::loaf-test-events/events/*",
      "Allow s3:GetObject arn:aws:s3:::loaf-test-events/manifests/*",
      "Allow s3:GetObject arn:aws:s3:::loaf-test-users/users/*",
      "Allow s3:GetObject arn:aws:s3:::loaf-test-users/updates/*",
      "Allow s3:ListBucket arn:aws:s3:::loaf-test-events",
      "Allow s3:ListBucket arn:aws:s3:::loaf-test-users",
      "Allow s3:GetBucketLocation arn:aws:s3:::loaf-test-events",
      "Allow s3:GetBucketLocation arn:aws:s3:::loaf-test-users",
    ])
    error_message = "COPY reads raw objects and manifests of the two buckets, and writes nothing."
  }

  assert {
    condition     = toset(keys(module.secret)) == toset(["load", "update", "insights"])
    error_message = "load, update and insights have users of their own; none is the admin."
  }

  assert {
    condition     = alltrue([for r in concat([aws_security_group.this, aws_iam_role.copy, aws_vpc_security_group_egress_rule.s3], values(aws_vpc_security_group_ingress_rule.clients), aws_redshiftserverless_namespace.this, aws_redshiftserverless_workgroup.this) : r.tags["dataloaf:stack"] == "loaf-test" && r.tags.team == "product"])
    error_message = "Everything carries the stack's tag and the caller's."
  }

  assert {
    condition     = output.port == 5439 && output.database == "dataloaf" && output.name == "loaf-test"
    error_message = "The outputs name what was made."
  }
}

run "serverless_of_8" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    base_capacity     = 8
    rpu_hours_per_day = 1
  }

  assert {
    condition     = aws_redshiftserverless_workgroup.this[0].base_capacity == 8 && aws_redshiftserverless_workgroup.this[0].max_capacity == 8 && aws_redshiftserverless_usage_limit.this[0].amount == 1
    error_message = "Eight RPUs are the next more than four, and one hour is the least limit."
  }
}

run "serverless_of_512" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    base_capacity = 512
  }

  assert {
    condition     = aws_redshiftserverless_workgroup.this[0].base_capacity == 512
    error_message = "512 RPUs are the most."
  }
}

run "provisioned" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type       = "provisioned"
    subnet_ids = ["subnet-0a", "subnet-0b"]
  }

  assert {
    condition     = aws_redshift_cluster.this[0].publicly_accessible == false && aws_redshift_cluster.this[0].enhanced_vpc_routing == true && tostring(aws_redshift_cluster.this[0].encrypted) == "true"
    error_message = "A cluster is private and encrypted, and COPY keeps to the VPC."
  }

  assert {
    condition     = aws_redshift_cluster.this[0].vpc_security_group_ids == toset(["sg-0warehouse"]) && aws_redshift_cluster.this[0].cluster_subnet_group_name == "loaf-test" && aws_redshift_subnet_group.this[0].subnet_ids == toset(["subnet-0a", "subnet-0b"])
    error_message = "A cluster stands in the subnets given, in its own security group."
  }

  assert {
    condition     = aws_redshift_cluster.this[0].manage_master_password == true && aws_redshift_cluster.this[0].master_password == null && aws_redshift_cluster.this[0].master_password_wo == null
    error_message = "The admin's password is made and kept by AWS."
  }

  assert {
    condition     = aws_redshift_cluster.this[0].cluster_type == "single-node" && aws_redshift_cluster.this[0].node_type == "ra3.large" && aws_redshift_cluster.this[0].number_of_nodes == 1 && aws_redshift_cluster.this[0].skip_final_snapshot == true
    error_message = "One small node is the default; no snapshot remains."
  }

  assert {
    condition     = aws_redshift_cluster.this[0].cluster_parameter_group_name == "loaf-test" && { for p in aws_redshift_parameter_group.this[0].parameter : p.name => p.value } == { enable_case_sensitive_identifier = "true", require_ssl = "true" }
    error_message = "camelCase properties are found, and nobody connects without TLS."
  }

  assert {
    condition     = length(aws_redshiftserverless_workgroup.this) + length(aws_redshiftserverless_namespace.this) + length(aws_redshiftserverless_usage_limit.this) == 0
    error_message = "There is nothing serverless beside it."
  }

  assert {
    condition     = alltrue([for r in concat(aws_redshift_cluster.this, aws_redshift_subnet_group.this, aws_redshift_parameter_group.this) : r.tags["dataloaf:stack"] == "loaf-test" && r.tags.team == "product"])
    error_message = "Everything carries the stack's tag and the caller's."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.clients) == 2
    error_message = "Only the two security groups get in."
  }
}

run "provisioned_of_large_nodes" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type      = "provisioned"
    node_type = "ra3.4xlarge"
    nodes     = 2
  }

  assert {
    condition     = aws_redshift_cluster.this[0].cluster_type == "multi-node" && aws_redshift_cluster.this[0].number_of_nodes == 2
    error_message = "Large nodes come in twos."
  }
}

run "provisioned_of_one_xlplus" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type      = "provisioned"
    node_type = "ra3.xlplus"
  }

  assert {
    condition     = aws_redshift_cluster.this[0].cluster_type == "single-node"
    error_message = "ra3.xlplus may stand alone."
  }
}

run "provisioned_of_most_nodes" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type      = "provisioned"
    node_type = "ra3.16xlarge"
    nodes     = 128
  }

  assert {
    condition     = aws_redshift_cluster.this[0].number_of_nodes == 128
    error_message = "128 nodes are the most."
  }
}

# --- what is refused --------------------------------------------------------------

run "type_that_is_unknown" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type = "cluster"
  }

  expect_failures = [var.type]
}

run "capacity_too_small" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    base_capacity = 3
  }

  expect_failures = [var.base_capacity]
}

run "capacity_between_4_and_8" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    base_capacity = 6
  }

  expect_failures = [var.base_capacity]
}

run "capacity_no_multiple_of_8" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    base_capacity = 20
  }

  expect_failures = [var.base_capacity]
}

run "capacity_too_large" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    base_capacity = 520
  }

  expect_failures = [var.base_capacity]
}

run "limit_of_nothing" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    rpu_hours_per_day = 0
  }

  expect_failures = [var.rpu_hours_per_day]
}

run "limit_no_whole_number" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    rpu_hours_per_day = 1.5
  }

  expect_failures = [var.rpu_hours_per_day]
}

run "nodes_of_another_family" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type      = "provisioned"
    node_type = "dc2.large"
  }

  expect_failures = [var.node_type]
}

run "no_nodes" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type  = "provisioned"
    nodes = 0
  }

  expect_failures = [var.nodes]
}

run "too_many_nodes" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type      = "provisioned"
    node_type = "ra3.16xlarge"
    nodes     = 129
  }

  expect_failures = [var.nodes]
}

run "nodes_no_whole_number" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type  = "provisioned"
    nodes = 1.5
  }

  expect_failures = [var.nodes]
}

run "one_large_node" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type      = "provisioned"
    node_type = "ra3.4xlarge"
  }

  expect_failures = [aws_redshift_cluster.this]
}

run "two_subnets_for_serverless" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    subnet_ids = ["subnet-0a", "subnet-0b"]
  }

  expect_failures = [var.subnet_ids]
}

run "one_subnet_for_a_cluster" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    type       = "provisioned"
    subnet_ids = ["subnet-0a"]
  }

  expect_failures = [var.subnet_ids]
}

run "one_bucket" {
  command = plan

  module {
    source = "./modules/warehouse"
  }

  variables {
    buckets = { events = "arn:aws:s3:::loaf-test-events" }
  }

  expect_failures = [var.buckets]
}
