# The smallest stack that there is to everything: it collects, loads and answers. The page
# has an Elastic IP and a certificate of its own.

provider "aws" {
  region = var.region
}

module "dataloaf" {
  source = "../.."

  name          = var.name
  allowed_cidrs = var.allowed_cidrs
  artifacts_dir = var.artifacts_dir
}
