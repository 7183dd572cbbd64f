# With a domain: a load balancer that speaks TLS with a certificate that renews itself.

resource "aws_security_group" "balancer" {
  count = local.has_domain ? 1 : 0

  name        = "${var.name}-balancer"
  description = "The load balancer before the insights page"
  vpc_id      = var.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-balancer" })
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  count = local.has_domain ? 1 : 0

  security_group_id            = aws_security_group.balancer[0].id
  referenced_security_group_id = aws_security_group.instance.id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  tags                         = merge(local.tags, { Name = "HTTP to the instance" })
}

# One of the two doors; its security group lets only allowed_cidrs in.
#tfsec:ignore:aws-elb-alb-not-public
resource "aws_lb" "this" {
  count = local.has_domain ? 1 : 0

  name                       = local.group
  internal                   = false
  load_balancer_type         = "application"
  subnets                    = var.public_subnet_ids
  security_groups            = [aws_security_group.balancer[0].id]
  drop_invalid_header_fields = true
  # A question may take 30 s, and live activity says something every 15.
  idle_timeout = 120
  tags         = local.tags
}

resource "aws_lb_target_group" "this" {
  count = local.has_domain ? 1 : 0

  name                 = local.group
  port                 = 80
  protocol             = "HTTP"
  target_type          = "instance"
  vpc_id               = var.vpc_id
  deregistration_delay = "30"
  tags                 = local.tags

  # It asks the server, and never the warehouse, which is billed for being awake.
  health_check {
    path                = "/healthz"
    matcher             = "200"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 4
  }
}

resource "aws_lb_listener" "http" {
  count = local.has_domain ? 1 : 0

  load_balancer_arn = aws_lb.this[0].arn
  port              = 80
  protocol          = "HTTP"
  tags              = local.tags

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "https" {
  count = local.has_domain ? 1 : 0

  load_balancer_arn = aws_lb.this[0].arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate_validation.this[0].certificate_arn
  tags              = local.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[0].arn
  }
}

resource "aws_acm_certificate" "this" {
  count = local.has_domain ? 1 : 0

  domain_name       = var.domain
  validation_method = "DNS"
  tags              = merge(local.tags, { Name = local.group })

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  # There is one option, for the one name.
  validation = one([for o in flatten(aws_acm_certificate.this[*].domain_validation_options) : o])
}

resource "aws_route53_record" "validation" {
  count = local.has_domain ? 1 : 0

  zone_id = data.aws_route53_zone.this[0].zone_id
  name    = local.validation.resource_record_name
  type    = local.validation.resource_record_type
  records = [local.validation.resource_record_value]
  ttl     = 60
  # An older certificate of the same name in this account has the same record.
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  count = local.has_domain ? 1 : 0

  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [aws_route53_record.validation[0].fqdn]
}

resource "aws_route53_record" "page" {
  count = local.has_domain ? 1 : 0

  zone_id = data.aws_route53_zone.this[0].zone_id
  name    = var.domain
  type    = "A"

  alias {
    name                   = aws_lb.this[0].dns_name
    zone_id                = aws_lb.this[0].zone_id
    evaluate_target_health = false
  }
}
