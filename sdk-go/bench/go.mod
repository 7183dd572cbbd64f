module github.com/dataloaf/dataloaf/sdk-go/bench

go 1.25.0

require (
	github.com/dataloaf/dataloaf/sdk-go v0.0.0
	github.com/posthog/posthog-go v1.5.2
)

replace github.com/dataloaf/dataloaf/sdk-go => ../
