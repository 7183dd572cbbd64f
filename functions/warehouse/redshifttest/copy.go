package redshifttest

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// copyStatement is the one COPY that we send.
var copyStatement = regexp.MustCompile(`^COPY "([a-z_]+)" \(([^)]*)\)
FROM '((?:[^']|'')*)' IAM_ROLE '((?:[^']|'')*)' REGION '((?:[^']|'')*)'
MANIFEST GZIP FORMAT AS JSON 'auto' TIMEFORMAT 'auto' MAXERROR 0 COMPUPDATE OFF STATUPDATE OFF$`)

// refusal is a line that COPY does not take, and what is wrong with it.
type refusal struct{ text, column, message string }

// copy reads the objects of a manifest and turns COPY into an INSERT.
func (s *Server) copy(match []string, session uint32) (string, *Answer) {
	table, columns, from := match[1], match[2], unquote(match[3])
	if role := unquote(match[4]); role != CopyRole || match[5] != Region {
		return "", &Answer{"XX000", "User arn:aws:redshift:user/x is not authorized to assume IAM Role " + role, ""}
	}
	body, err := os.ReadFile(s.path(from))
	if err != nil {
		return "", &Answer{"XX000", "Problem reading manifest file - " + err.Error(), ""}
	}
	var manifest struct {
		Entries []struct {
			URL       string
			Mandatory bool
		}
	}
	if err := json.Unmarshal(body, &manifest); err != nil || len(manifest.Entries) == 0 {
		return "", &Answer{"XX000", fmt.Sprintf("Problem reading manifest file - %v", err), string(body)}
	}
	var records []string
	for _, entry := range manifest.Entries {
		lines, err := s.readObject(entry.URL)
		if errors.Is(err, os.ErrNotExist) && !entry.Mandatory {
			continue
		}
		if err != nil {
			return "", &Answer{"XX000", err.Error(), ""}
		}
		for i, line := range lines {
			if r := s.refuses(line); r != nil {
				return "", s.loadError(table, session, entry.URL, i+1, r)
			}
		}
		records = append(records, lines...)
	}
	s.mu.Lock()
	records, s.lost = records[:len(records)-s.lost], 0
	s.mu.Unlock()
	return fmt.Sprintf(`INSERT INTO %q (%s) SELECT %[2]s FROM jsonb_to_recordset(%[3]s) AS record("event_id" char(36), "event" varchar(800), "user_id" varchar(256), "timestamp" timestamp, "properties" jsonb, "received_at" timestamp)`,
		table, columns, literal("["+strings.Join(records, ",")+"]")), nil
}

func (s *Server) path(url string) string {
	return filepath.Join(s.objects, filepath.FromSlash(strings.TrimPrefix(url, "s3://")))
}

// readObject gives the lines of an object, empty ones left out.
func (s *Server) readObject(url string) ([]string, error) {
	file, err := os.Open(s.path(url))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var lines []string
	r := bufio.NewReader(unpacked)
	for {
		line, err := r.ReadString('\n')
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (s *Server) refuses(line string) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.refused {
		if strings.Contains(line, r.text) {
			return &r
		}
	}
	if !json.Valid([]byte(line)) {
		return &refusal{"", "", "Invalid JSON"}
	}
	return nil
}

// loadError writes down what was refused, where it stays when the transaction
// does not, and answers as Redshift does.
func (s *Server) loadError(table string, session uint32, url string, line int, r *refusal) *Answer {
	_, err := s.behind.Exec(`INSERT INTO redshift.sys_load_error_detail VALUES ($1, LOCALTIMESTAMP, substr($2, 1, 256), $3, $4, $5)`, session, url, line, r.column, r.message)
	if err != nil {
		return &Answer{"XX000", err.Error(), ""}
	}
	return &Answer{"XX000", fmt.Sprintf("Load into table '%s' failed.  Check 'sys_load_error_detail' system table for details.", table), ""}
}
