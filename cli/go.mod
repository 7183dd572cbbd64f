module github.com/dataloaf/dataloaf/cli

go 1.26.0

require (
	github.com/dataloaf/dataloaf/functions v0.0.0
	github.com/dataloaf/dataloaf/insights-server v0.0.0
	github.com/dataloaf/dataloaf/sdk-go v0.0.0
)

replace (
	github.com/dataloaf/dataloaf/functions => ../functions
	github.com/dataloaf/dataloaf/insights-server => ../insights-server
	github.com/dataloaf/dataloaf/sdk-go => ../sdk-go
)
