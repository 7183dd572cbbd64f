module github.com/dataloaf/dataloaf/sdk-go

go 1.25.0
