package awstest

import (
	"encoding/json"
	"net/http"
)

// SetSecret sets the current value of a secret and gives its ARN.
func (a *AWS) SetSecret(name, value string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.secrets[secretARN(name)] = value
	return secretARN(name)
}

func secretARN(name string) string {
	return "arn:aws:secretsmanager:" + Region + ":000000000000:secret:" + name + "-AbCdEf"
}

func (a *AWS) secretsManager(operation string) func([]byte, Fault) (any, error) {
	if operation != "GetSecretValue" {
		return nil
	}
	return func(body []byte, _ Fault) (any, error) {
		var in struct{ SecretId string } //nolint:revive // the name in the protocol
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fail(http.StatusBadRequest, "SerializationException", "%v", err)
		}
		arn := in.SecretId
		if _, ok := a.secrets[arn]; !ok {
			arn = secretARN(in.SecretId)
		}
		value, ok := a.secrets[arn]
		if !ok {
			return nil, fail(http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
		}
		return map[string]any{"ARN": arn, "Name": in.SecretId, "SecretString": value, "VersionStages": []string{"AWSCURRENT"}}, nil
	}
}
