package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Secrets reads secrets from Secrets Manager and remembers them: a call costs
// money and time, and a secret changes rarely
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets.html).
// Rotation is noticed where it shows: a login that is refused asks again, with
// fresh set.
type Secrets struct {
	client *secretsmanager.Client

	// begun counts the reads, to tell what is fresh from what is not.
	begun atomic.Int64
	// mu is held while a secret is read, so that a hundred refused logins at
	// once read it once or twice.
	mu    sync.Mutex
	known map[string]knownSecret
}

type knownSecret struct {
	Secret
	// read is the number of the read that gave it.
	read int64
}

// NewSecrets makes a reader of secrets.
func NewSecrets(c sdk.Config) *Secrets {
	return &Secrets{client: newSecretsManager(c), known: map[string]knownSecret{}}
}

// Get gives the current version of the secret with an ARN or name, whose value
// is a JSON object. It may be a remembered one, unless fresh: then it was read
// after the call began.
func (s *Secrets) Get(ctx context.Context, id string, fresh bool) (Secret, error) {
	if id == "" {
		return Secret{}, errors.New("read a secret: no ARN or name is given")
	}
	asked := s.begun.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known[id]; ok && (!fresh || known.read > asked) {
		return known.Secret, nil
	}
	number := s.begun.Add(1)
	secret, err := s.read(ctx, id)
	if err != nil {
		return Secret{}, err
	}
	s.known[id] = knownSecret{Secret: secret, read: number}
	return secret, nil
}

func (s *Secrets) read(ctx context.Context, id string) (Secret, error) {
	answer, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: sdk.String(id)})
	if err != nil {
		return Secret{}, fmt.Errorf("read the secret %s: %w%s", id, err, secretHelp(err))
	}
	if answer.SecretString == nil {
		return Secret{}, fmt.Errorf("read the secret %s: it holds bytes; store a JSON object as text", id)
	}
	secret := Secret{id: id}
	// The decoder's message would quote the value.
	if err := json.Unmarshal([]byte(*answer.SecretString), &secret.fields); err != nil || secret.fields == nil {
		return Secret{}, fmt.Errorf("read the secret %s: its value is not a JSON object; store one such as {\"username\":…,\"password\":…}", id)
	}
	return secret, nil
}

// secretHelp says what to do about an error that AWS answers
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
func secretHelp(err error) string {
	var missing *types.ResourceNotFoundException
	var undecipherable *types.DecryptionFailure
	var invalid *types.InvalidRequestException
	var api smithy.APIError
	switch {
	case errors.As(err, &missing):
		return " (there is no such secret, or it has no value yet: check the ARN and the region)"
	case errors.As(err, &undecipherable):
		return " (allow this role kms:Decrypt with the key of the secret)"
	case errors.As(err, &invalid):
		return " (the secret may be on its way to deletion: restore it, or give another)"
	case errors.As(err, &api) && api.ErrorCode() == "AccessDeniedException":
		return " (allow this role secretsmanager:GetSecretValue on it)"
	default:
		return ""
	}
}

// Secret is the JSON object that a secret holds. It prints as nothing but its
// name.
type Secret struct {
	id     string
	fields map[string]any
}

// Text is the field's text. A field that is missing, empty or no text is an
// error that names the secret and the field.
func (s Secret) Text(field string) (string, error) {
	text, ok := s.fields[field].(string)
	if !ok || text == "" {
		return "", fmt.Errorf("the secret %s has no text %q: its JSON must hold it", s.id, field)
	}
	return text, nil
}

// String implements fmt.Stringer without a value.
func (s Secret) String() string { return "secret " + s.id }

// GoString implements fmt.GoStringer without a value.
func (s Secret) GoString() string { return s.String() }

// LogValue implements slog.LogValuer without a value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON implements json.Marshaler without a value.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// Login is the login that a secret holds as "username" and "password", the
// fields that AWS's own rotation keeps
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html).
func (s *Secrets) Login(ctx context.Context, id string, fresh bool) (warehouse.Login, error) {
	secret, err := s.Get(ctx, id, fresh)
	if err != nil {
		return warehouse.Login{}, err
	}
	var login warehouse.Login
	var nameErr, passwordErr error
	login.Username, nameErr = secret.Text("username")
	login.Password, passwordErr = secret.Text("password")
	if err := errors.Join(nameErr, passwordErr); err != nil {
		return warehouse.Login{}, err
	}
	return login, nil
}

// LoginFunc gives the login that a secret holds.
func (s *Secrets) LoginFunc(id string) warehouse.LoginFunc {
	return func(ctx context.Context, fresh bool) (warehouse.Login, error) { return s.Login(ctx, id, fresh) }
}
