package model

import "fmt"

// Assumption is a number of the model that is no price.
type Assumption struct{ What, Value string }

// Assumptions are the numbers behind an estimate, as docs/costs.md lists them.
func Assumptions() []Assumption {
	return []Assumption{
		{"one sender; it sends a batch when it is full, or after", "1 s, as the SDK does"},
		{"memory of each Lambda", fmt.Sprintf("%.0f MB", lambdaGB*1024)},
		{"collect, for a call and for each event in it", fmt.Sprintf("%.0f ms and %.1f ms", callSeconds*1000, eventSeconds*1000)},
		{"update, for a call", fmt.Sprintf("%.1f s", updateSeconds)},
		{"a run of the loader that finds nothing", fmt.Sprintf("%.1f s", idleRunSeconds)},
		{"a load, beside its events", fmt.Sprintf("%.0f s", loadSeconds)},
		{"events that one RPU loads in a second", fmt.Sprintf("%s; AWS's guide to Clickstream Analytics implies 6,250 to 11,000", Number(loadedPerRPUSecond))},
		{"the warehouse stays awake after a load", fmt.Sprintf("%.0f s", tailSeconds)},
		{"GZIP makes raw data smaller by", fmt.Sprintf("%.0f times", gzipRatio)},
		{"bytes in the warehouse for a byte of JSON", fmt.Sprintf("%.1f", warehouseRatio)},
		{"Firehose writes an object every", fmt.Sprintf("%.0f s, or %d MB", bufferSeconds, bufferBytes>>20)},
		{"logs for a call, and for a run of the loader", fmt.Sprintf("%.0f and %.0f bytes", callLogBytes, runLogBytes)},
		{"an answer of the API", fmt.Sprintf("%.0f bytes", answerBytes)},
		{"what the page sends in an hour of asking", fmt.Sprintf("%.0f MB", pageGB*1024)},
		{"Lambda waits on the retry queue with", fmt.Sprintf("%d requests every %.0f s", pollersPerQueue, pollSeconds)},
		{"load balancer, when there is a domain", fmt.Sprintf("%d zones, %.1f LCU", balancerZones, capacityUnits)},
		{"one node of ra3.large, of ra3.xlplus, loads like", "4 and 8 RPUs"},
	}
}
