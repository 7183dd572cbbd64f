module github.com/dataloaf/dataloaf/cli/bench

go 1.25.0

require github.com/lib/pq v1.12.3
