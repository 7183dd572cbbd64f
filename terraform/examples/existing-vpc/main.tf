# A stack in a VPC that is there already, with a provisioned cluster, whose price is the
# same every month.

provider "aws" {
  region = var.region
}

module "dataloaf" {
  source = "../.."

  name          = var.name
  artifacts_dir = var.artifacts_dir
  allowed_cidrs = var.allowed_cidrs

  warehouse = {
    type      = "provisioned"
    node_type = "ra3.large"
    nodes     = 1
  }

  vpc = {
    id                      = var.vpc_id
    private_subnet_ids      = var.private_subnet_ids
    public_subnet_ids       = var.public_subnet_ids
    private_route_table_ids = var.private_route_table_ids
    # This one reaches S3 already; the others are to be made.
    endpoints = ["secretsmanager", "sqs"]
  }
}
