# What the tests plan it with.
vpc_id             = "vpc-0123456789abcdef0"
private_subnet_ids = ["subnet-0a000000000000000", "subnet-0a000000000000001"]
public_subnet_ids  = ["subnet-0b000000000000000", "subnet-0b000000000000001"]
