package cloud

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
)

// Tagged lists the ARNs of what carries a tag with a value, in the session's
// region, sorted.
func (s *Session) Tagged(ctx context.Context, tag, value string) ([]string, error) {
	client := resourcegroupstaggingapi.NewFromConfig(s.Config)
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(client, &resourcegroupstaggingapi.GetResourcesInput{
		TagFilters: []types.TagFilter{{Key: aws.String(tag), Values: []string{value}}},
	})
	var arns []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, Explain(err, "list what carries the tag %s = %s", tag, value)
		}
		for _, r := range page.ResourceTagMappingList {
			arns = append(arns, aws.ToString(r.ResourceARN))
		}
	}
	slices.Sort(arns)
	return arns, nil
}
