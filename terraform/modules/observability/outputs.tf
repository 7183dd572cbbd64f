output "topic_arn" {
  description = "The SNS topic of the alarms: subscribe to it what should hear of them."
  value       = aws_sns_topic.alarms.arn
}

output "alarm_names" {
  description = "The alarms' names."
  value       = sort([for a in aws_cloudwatch_metric_alarm.this : a.alarm_name])
}

output "dashboard" {
  description = "The CloudWatch dashboard's name."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
