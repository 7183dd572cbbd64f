// Package stack is one DataLoaf stack as loafctl knows it: the folder with its
// answers, the account and region it stands in, and where its state is kept.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/pflag"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

const (
	// AnswersFile is the file with the answers, in the stack's folder.
	AnswersFile = "dataloaf.tfvars.json"
	// DefaultName is the name of a stack that was given none.
	DefaultName = "dataloaf"
	// StateFolder holds the state of a stack with --local-state.
	StateFolder = "state"
	// StateFile is the name of the state, there and in the bucket.
	StateFile = "terraform.tfstate"
	// workFolder is where Terraform works, in the stack's folder. All in it can be
	// made again.
	workFolder = ".loafctl"
)

// Flags are those of every verb that works on a stack.
type Flags struct {
	Dir, Name, Region, Profile string
}

// Register defines the flags.
func (f *Flags) Register(set *pflag.FlagSet) {
	set.StringVar(&f.Dir, "dir", "", "`folder` of the stack (default: the current one where it has a "+AnswersFile+", else one with the stack's name)")
	set.StringVar(&f.Name, "name", DefaultName, "the stack's `name`")
	set.StringVar(&f.Region, "region", "", "AWS `region` (default: that of the answers, or of your AWS configuration)")
	set.StringVar(&f.Profile, "profile", "", "`profile` of your AWS configuration (default: AWS's default chain)")
}

// Folder is the stack's folder.
func (f *Flags) Folder() string {
	if f.Dir != "" {
		return f.Dir
	}
	if _, err := os.Stat(AnswersFile); err == nil {
		return "."
	}
	return f.Name
}

// nameRule is that of the variable name of the modules.
var nameRule = regexp.MustCompile(`^[a-z](-?[a-z0-9]){2,19}$`)

// reserved are beginnings that S3, EC2 and load balancers keep for themselves.
var reserved = regexp.MustCompile(`^(amzn|aws|internal|sg|sthree)(-|$)`)

// CheckName says what is wrong with the name of a stack.
func CheckName(name string) error {
	if !nameRule.MatchString(name) || len(name) > 20 {
		return errors.New("a name has 3 to 20 lower-case letters, digits and single hyphens, and begins with a letter")
	}
	if reserved.MatchString(name) {
		return errors.New("AWS keeps names that begin with amzn, aws, internal, sg and sthree for itself")
	}
	return nil
}

// Stack is a stack that was found.
type Stack struct {
	// Dir is its folder.
	Dir      string
	Answers  *Answers
	Session  *cloud.Session
	Identity cloud.Identity
	// LocalState is whether the state lies in the folder, and not in a bucket.
	LocalState bool
}

// Name is the stack's name.
func (s *Stack) Name() string { return s.Answers.Name }

// Region is where the stack stands.
func (s *Stack) Region() string { return s.Answers.Region }

// WorkDir is where Terraform works.
func (s *Stack) WorkDir() string { return filepath.Join(s.Dir, workFolder) }

// AnswersPath is the file with the answers.
func (s *Stack) AnswersPath() string { return filepath.Join(s.Dir, AnswersFile) }

// StatePath is the state of a stack with LocalState.
func (s *Stack) StatePath() string { return filepath.Join(s.Dir, StateFolder, StateFile) }

// Bucket is the name of the bucket with the state.
func (s *Stack) Bucket() string { return BucketName(s.Name(), s.Identity.Account, s.Region()) }

// BucketName is the name of the bucket with the state of a stack. Everyone who
// knows the stack's name, account and region finds it.
func BucketName(name, account, region string) string {
	return fmt.Sprintf("%s-%s-%s-state", name, account, region)
}

// Open finds a stack that init has made: by the answers in its folder, or else
// by those in its bucket, which it copies into the folder.
func Open(ctx context.Context, f Flags) (*Stack, error) {
	dir := f.Folder()
	answers, err := ReadAnswers(filepath.Join(dir, AnswersFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fetch(ctx, f, dir)
	case err != nil:
		return nil, err
	}
	if err := agree(f, answers, dir); err != nil {
		return nil, err
	}
	session, err := cloud.Open(ctx, cloud.Options{Profile: f.Profile, Region: answers.Region})
	if err != nil {
		return nil, err
	}
	identity, err := session.Identify(ctx)
	if err != nil {
		return nil, err
	}
	s := &Stack{Dir: dir, Answers: answers, Session: session, Identity: identity}
	if info, err := os.Stat(filepath.Join(dir, StateFolder)); err == nil && info.IsDir() {
		s.LocalState = true
	}
	return s, nil
}

// agree refuses flags that speak of another stack than the folder's.
func agree(f Flags, a *Answers, dir string) error {
	if f.Name != "" && f.Name != DefaultName && f.Name != a.Name {
		return failure.Usage("Give the stack's folder with --dir (LOAF_DIR), or leave --name out.",
			"%s has the stack %q, and --name says %q", filepath.Join(dir, AnswersFile), a.Name, f.Name)
	}
	if f.Region != "" && f.Region != a.Region {
		return failure.Usage("A stack stays in its region: leave --region out, or give another folder with --dir (LOAF_DIR).",
			"the stack %q stands in %s, and --region says %s", a.Name, a.Region, f.Region)
	}
	return nil
}

// fetch takes the answers from the stack's bucket.
func fetch(ctx context.Context, f Flags, dir string) (*Stack, error) {
	session, err := cloud.Open(ctx, cloud.Options{Profile: f.Profile, Region: f.Region})
	if err != nil {
		return nil, err
	}
	region := session.Config.Region
	if region == "" {
		return nil, failure.Usage("Give --region (LOAF_REGION), or the stack's folder with --dir (LOAF_DIR). `loafctl init` makes a new stack.",
			"there is no %s in %s, and no region to look for the stack's bucket in", AnswersFile, dir)
	}
	identity, err := session.Identify(ctx)
	if err != nil {
		return nil, err
	}
	s := &Stack{Dir: dir, Answers: &Answers{Name: f.Name, Region: region}, Session: session, Identity: identity}
	text, err := s.read(ctx, AnswersFile)
	if err != nil {
		if missing(err) {
			return nil, failure.Usage("Give the stack's folder with --dir (LOAF_DIR), its --name and --region where they differ, or make it with `loafctl init`.",
				"there is no stack %q: neither %s in %s, nor the bucket %s", f.Name, AnswersFile, dir, s.Bucket())
		}
		return nil, cloud.Explain(err, "read the answers of the stack %q from the bucket %s", f.Name, s.Bucket())
	}
	if s.Answers, err = parseAnswers(text); err != nil {
		return nil, failure.New(err, "", "read %s of the bucket %s", AnswersFile, s.Bucket())
	}
	if err := s.SaveAnswers(); err != nil {
		return nil, err
	}
	return s, nil
}
