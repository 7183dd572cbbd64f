variable "name" {
  type        = string
  description = "The secret's name."
}

variable "description" {
  type        = string
  description = "What the secret is for."
}

variable "tags" {
  type        = map(string)
  description = "The secret's tags."
  default     = {}
}

variable "content" {
  type        = map(string)
  description = "Members of the secret's JSON object that are no secret, such as a user name."
  default     = {}
}

variable "generated" {
  type        = set(string)
  description = "Members that are random: 40 letters and digits each, made by Secrets Manager."
}

variable "generation" {
  type        = number
  description = "Raise it to make the random members anew."
  default     = 1

  validation {
    condition     = var.generation >= 1 && floor(var.generation) == var.generation
    error_message = "generation must be a whole number from 1; raise it to make the secret anew."
  }
}
