module github.com/dataloaf/dataloaf/sdk-go

go 1.24.0
