package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// clickHouse is chdb, ClickHouse in a Node.js process, behind peers/clickhouse.mjs.
type clickHouse struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	replace *strings.Replacer
}

func startClickHouse(ctx context.Context, peers, folder string) (*clickHouse, error) {
	c := &clickHouse{cmd: exec.CommandContext(ctx, "node", filepath.Join(peers, "clickhouse.mjs"), folder)}
	c.cmd.Stderr = os.Stderr
	c.cmd.SysProcAttr = killWithParent()
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.in, c.out = in, bufio.NewReaderSize(out, 1<<20)
	return c, c.cmd.Start()
}

func (c *clickHouse) close() error {
	return errors.Join(c.in.Close(), c.cmd.Wait())
}

// do runs SQL; the time is that of the call inside the process.
func (c *clickHouse) do(sql string) (rows []map[string]any, took time.Duration, err error) {
	request, err := json.Marshal(map[string]string{"sql": sql})
	if err != nil {
		return nil, 0, err
	}
	if _, err := c.in.Write(append(request, '\n')); err != nil {
		return nil, 0, err
	}
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return nil, 0, fmt.Errorf("ClickHouse ended: %w", err)
	}
	var response struct {
		MS    float64          `json:"ms"`
		Error string           `json:"error"`
		Rows  []map[string]any `json:"rows"`
	}
	if err := json.Unmarshal(line, &response); err != nil {
		return nil, 0, err
	}
	if response.Error != "" {
		return nil, 0, fmt.Errorf("ClickHouse: %s: %s", response.Error, sql)
	}
	return response.Rows, time.Duration(response.MS * float64(time.Millisecond)), nil
}

// load makes the tables that somebody would make who knows ClickHouse: events in
// the order of their names and times; the properties as typed columns, or as the
// JSON type.
func (c *clickHouse) load(kind, raw string) (time.Duration, error) {
	properties := `amount Float64, country LowCardinality(String), device LowCardinality(String), browser LowCardinality(String), path LowCardinality(String), items UInt8, experiment Bool, version LowCardinality(String)`
	c.replace = strings.NewReplacer("{amount}", "amount", "{country}", "country")
	columns := `p.amount AS amount, p.country AS country, p.device AS device, p.browser AS browser, p.path AS path, p.items AS items, p.experiment AS experiment, p.version AS version`
	staged := `properties Tuple(amount Float64, country String, device String, browser String, path String, items UInt8, experiment Bool, version String)`
	if kind == jsonClickHouse {
		// Its JSON keeps whole numbers as another type than the rest.
		properties, columns, staged = `properties JSON`, `p AS properties`, `properties JSON`
		c.replace = strings.NewReplacer("{amount}", "CAST(properties.amount AS Nullable(Float64))", "{country}", "properties.country.:String")
	}
	begun := time.Now()
	for _, sql := range []string{
		`CREATE DATABASE bench`,
		`CREATE TABLE bench.events (event_id UUID, event LowCardinality(String), user_id String, timestamp DateTime64(6, 'UTC'), received_at DateTime64(6, 'UTC'), ` + properties + `) ENGINE = MergeTree ORDER BY (event, timestamp)`,
		`CREATE TABLE bench.users (user_id String, tier LowCardinality(String), source LowCardinality(String), seats UInt8) ENGINE = MergeTree ORDER BY user_id`,
		fmt.Sprintf(`INSERT INTO bench.events SELECT event_id, event, user_id, timestamp, received_at, %s FROM (SELECT *, properties AS p FROM file('%s/events/**/*.gz', 'JSONEachRow', 'event_id UUID, event String, user_id String, timestamp DateTime64(6, \'UTC\'), received_at DateTime64(6, \'UTC\'), %s')) SETTINGS date_time_input_format = 'best_effort'`, columns, raw, staged),
		fmt.Sprintf(`INSERT INTO bench.users SELECT user_id, attributes.tier, attributes.source, attributes.seats FROM file('%s/users/**/*.gz', 'JSONEachRow', 'user_id String, attributes Tuple(tier String, source String, seats UInt8)')`, raw),
		`OPTIMIZE TABLE bench.events FINAL`,
		`USE bench`,
	} {
		if _, _, err := c.do(sql); err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}

func (c *clickHouse) size() (int64, error) {
	rows, _, err := c.do(`SELECT toFloat64(sum(bytes_on_disk)) AS v FROM system.parts WHERE active AND database = 'bench'`)
	if err != nil {
		return 0, err
	}
	return int64(rows[0]["v"].(float64)), nil
}

func (c *clickHouse) ask(_ context.Context, q question, round int) (answer, error) {
	rows, took, err := c.do(c.replace.Replace(q.of(q.clickhouse, round)))
	if err != nil {
		return answer{}, err
	}
	sum := 0.0
	for _, row := range rows {
		v, ok := row["v"].(float64)
		if !ok {
			return answer{}, fmt.Errorf("ClickHouse answered %v", row)
		}
		sum += v
	}
	return answer{took, sum}, nil
}
