package insight

import (
	"encoding/json"
	"time"
)

// Cohort says which users belong together.
type Cohort struct {
	Match      Match
	Conditions []CohortCondition
}

// CohortConditionType says what a condition of a cohort looks at.
type CohortConditionType string

// The types of conditions.
const (
	// CohortAttribute compares an attribute of the user.
	CohortAttribute CohortConditionType = "attribute"
	// CohortEvent counts events of the user.
	CohortEvent CohortConditionType = "event"
	// CohortFunnel looks at how far the user came in a funnel.
	CohortFunnel CohortConditionType = "funnel"
)

// CohortOutcome says how far a user came in a funnel.
type CohortOutcome string

// The outcomes of a funnel. Those who never began have none.
const (
	// Completed is the last step.
	Completed CohortOutcome = "completed"
	// NotCompleted is the first step, and not the last.
	NotCompleted CohortOutcome = "not_completed"
	// StoppedAt is a step, and not the one after it.
	StoppedAt CohortOutcome = "stopped_at"
)

// CohortCondition is one condition on users.
type CohortCondition struct {
	Type CohortConditionType
	// Attribute belongs to CohortAttribute.
	Attribute Condition
	// Event, Done and AtLeast belong to CohortEvent: the user has at least so many
	// of the events in the range, or, where Done is false, has not.
	Event   string
	Done    bool
	AtLeast int
	// Steps, Window and Outcome belong to CohortFunnel, and to StoppedAt the Step,
	// which counts from 1 and is not the last.
	Steps   []Step
	Window  time.Duration
	Outcome CohortOutcome
	Step    int
	// Filter and the range belong to both of them. Range is in the days of Zone,
	// and From and To are its instants once it is resolved.
	Filter   Filter
	Range    Range
	Zone     *time.Location
	From, To time.Time
}

// MaxCohortConditions is the number of conditions of one cohort. Each is a
// reading of its own.
const MaxCohortConditions = 20

// maxAtLeast is more events than one user has.
const maxAtLeast = 1_000_000_000

// Limits of a saved cohort's texts, in characters.
const (
	maxSavedName        = 200
	maxSavedDescription = 2000
)

var (
	conditionScopes  = []Scope{ScopeEvent, ScopeUser, ScopeCohort}
	cohortOperators  = []Operator{In, NotIn}
	cohortConditions = []CohortConditionType{CohortAttribute, CohortEvent, CohortFunnel}
	cohortOutcomes   = []CohortOutcome{Completed, NotCompleted, StoppedAt}
)

// CohortDraft is a cohort as somebody sends it to be saved.
type CohortDraft struct {
	Name, Description string
	Definition        json.RawMessage
	// Version is the one that is replaced; 0 when none is given.
	Version int64
}

// ParseCohortDraft reads and checks a draft. An error is an *Error.
func ParseCohortDraft(body []byte) (CohortDraft, error) {
	root, err := readTree(body)
	if err != nil {
		return CohortDraft{}, err
	}
	d, err := parseCohortDraft(root)
	if err != nil {
		return CohortDraft{}, err
	}
	var raw struct{ Definition json.RawMessage }
	if err := json.Unmarshal(body, &raw); err != nil {
		return CohortDraft{}, errorf(CodeInvalidJSON, "", "The body is not one JSON value: %v.", err)
	}
	d.Definition = raw.Definition
	return d, nil
}

func parseCohortDraft(root node) (CohortDraft, *Error) {
	f, err := root.fields("The cohort")
	if err != nil {
		return CohortDraft{}, err
	}
	var d CohortDraft
	name, err := f.required("name", "Give the cohort a name.")
	if err != nil {
		return d, err
	}
	if d.Name, err = name.name("Give the cohort a name."); err != nil {
		return d, err
	}
	if len([]rune(d.Name)) > maxSavedName {
		return d, errorf(CodeInvalidValue, name.path, "The name has more than %d characters. Give a shorter one.", maxSavedName)
	}
	if n, ok := f.get("description"); ok {
		if d.Description, err = n.string(); err != nil {
			return d, err
		}
		if len([]rune(d.Description)) > maxSavedDescription {
			return d, errorf(CodeInvalidValue, n.path, "The description has more than %d characters. Give a shorter one.", maxSavedDescription)
		}
	}
	if n, ok := f.get("version"); ok {
		version, err := n.whole(1, 1<<31-1)
		if err != nil {
			return d, err
		}
		d.Version = int64(version)
	}
	definition, err := f.required("definition", `Give {"match":"all","conditions":[…]}.`)
	if err != nil {
		return d, err
	}
	if _, err := (&parser{inCohort: true}).cohort(definition); err != nil {
		return d, err
	}
	return d, f.done()
}

// ParseCohort reads the definition of a cohort. An error is an *Error.
func ParseCohort(definition []byte) (Cohort, error) {
	root, err := readTree(definition)
	if err != nil {
		return Cohort{}, err
	}
	c, err := (&parser{inCohort: true}).cohort(root)
	if err != nil {
		return Cohort{}, err
	}
	return c, nil
}

func (p *parser) cohort(n node) (Cohort, *Error) {
	f, err := n.fields("A cohort's definition")
	if err != nil {
		return Cohort{}, err
	}
	c := Cohort{Match: MatchAll}
	if match, ok := f.get("match"); ok {
		if c.Match, err = word(match, CodeUnknownValue, matches); err != nil {
			return Cohort{}, err
		}
	}
	zone := time.UTC
	if name, ok := f.get("timezone"); ok {
		text, err := name.string()
		if err != nil {
			return Cohort{}, err
		}
		if zone, err = parseZone(text, name.path); err != nil {
			return Cohort{}, err
		}
	}
	conditions, err := f.required("conditions", "Give at least one condition.")
	if err != nil {
		return Cohort{}, err
	}
	items, err := conditions.array()
	switch {
	case err != nil:
		return Cohort{}, err
	case len(items) == 0:
		return Cohort{}, errorf(CodeRequired, conditions.path, "There is no condition. Give from 1 to %d.", MaxCohortConditions)
	case len(items) > MaxCohortConditions:
		return Cohort{}, errorf(CodeTooMany, conditions.path, "These are %d conditions. Give at most %d.", len(items), MaxCohortConditions)
	}
	for _, item := range items {
		condition, err := p.cohortCondition(item, zone)
		if err != nil {
			return Cohort{}, err
		}
		c.Conditions = append(c.Conditions, condition)
	}
	return c, f.done()
}

func (p *parser) cohortCondition(n node, zone *time.Location) (CohortCondition, *Error) {
	f, err := n.fields("A condition")
	if err != nil {
		return CohortCondition{}, err
	}
	c := CohortCondition{Zone: zone}
	kind, err := f.required("type", "Give one of: "+list(cohortConditions)+".")
	if err != nil {
		return CohortCondition{}, err
	}
	if c.Type, err = word(kind, CodeUnknownValue, cohortConditions); err != nil {
		return CohortCondition{}, err
	}
	switch c.Type {
	case CohortAttribute:
		c.Attribute.Scope = ScopeUser
		if err := p.comparison(f, &c.Attribute); err != nil {
			return CohortCondition{}, err
		}
		return c, f.done()
	case CohortFunnel:
		err = p.cohortFunnel(f, &c)
	default:
		err = cohortEvent(f, &c)
	}
	if err != nil {
		return CohortCondition{}, err
	}
	within, err := f.required("range", `Give {"from":"2024-01-01","to":"2024-12-31"} or {"last":"30d"}.`)
	if err != nil {
		return CohortCondition{}, err
	}
	if c.Range, err = parseRange(within); err != nil {
		return CohortCondition{}, err
	}
	if c.Filter, err = p.filter(f); err != nil {
		return CohortCondition{}, err
	}
	return c, f.done()
}

// cohortEvent reads what only a condition on events has.
func cohortEvent(f *fields, c *CohortCondition) *Error {
	var err *Error
	if c.Event, err = parseEvent(f, "event"); err != nil {
		return err
	}
	c.Done, c.AtLeast = true, 1
	if done, ok := f.get("done"); ok {
		if done.kind != jsonBool {
			return errorf(CodeWrongType, done.path, "This must be true or false, not %s.", done.kind)
		}
		c.Done = done.boolean
	}
	if least, ok := f.get("at_least"); ok {
		c.AtLeast, err = least.whole(1, maxAtLeast)
	}
	return err
}

// cohortFunnel reads what only a condition on a funnel has.
func (p *parser) cohortFunnel(f *fields, c *CohortCondition) *Error {
	var err *Error
	if c.Steps, c.Window, err = p.steps(f); err != nil {
		return err
	}
	outcome, err := f.required("outcome", "Give one of: "+list(cohortOutcomes)+".")
	if err != nil {
		return err
	}
	if c.Outcome, err = word(outcome, CodeUnknownValue, cohortOutcomes); err != nil {
		return err
	}
	if c.Outcome != StoppedAt {
		return nil // a step is unknown here
	}
	step, err := f.required("step", "Give the number of the step that is reached while the next is not, from 1.")
	if err != nil {
		return err
	}
	if c.Step, err = step.whole(1, MaxSteps); err == nil && c.Step >= len(c.Steps) {
		err = errorf(CodeInvalidValue, step.path, "Nobody stops at step %d before another: the funnel has %d steps. Give at most %d, or the outcome %q.", c.Step, len(c.Steps), len(c.Steps)-1, Completed)
	}
	return err
}

// cohortReference reads what follows the scope of a condition on a cohort.
func (p *parser) cohortReference(n node, f *fields) (Condition, *Error) {
	c := Condition{Scope: ScopeCohort, Field: n.path}
	if p.inCohort {
		return c, errorf(CodeNotAllowed, join(n.path, "scope"), "A cohort is not made from other cohorts. Repeat the other's conditions here.")
	}
	operator, err := f.required("operator", "Give one of: "+list(cohortOperators)+".")
	if err != nil {
		return c, err
	}
	if c.Operator, err = word(operator, CodeUnknownOperator, cohortOperators); err != nil {
		return c, err
	}
	value, err := f.required("value", "Give the id of a cohort.")
	if err != nil {
		return c, err
	}
	id, err := value.name("Give the id of a cohort.")
	if err != nil {
		return c, err
	}
	if p.values++; p.values > MaxValues {
		return c, errorf(CodeTooMany, value.path, "The query compares with more than %d values. Ask for fewer.", MaxValues)
	}
	c.CohortID = id
	return c, f.done()
}

// endOfTime is far behind any event, and the last year that RFC 3339 can write.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Resolve gives the definition with the instants of its ranges.
func (c Cohort) Resolve(now time.Time) Cohort {
	conditions := make([]CohortCondition, len(c.Conditions))
	for i, condition := range c.Conditions {
		if condition.Type != CohortAttribute {
			bounds := Query{Range: condition.Range, Zone: condition.Zone}.Bounds(now)
			condition.From, condition.To = bounds.From.UTC(), bounds.To.UTC()
			if condition.To.After(endOfTime) { // which JSON, and so a question's key, cannot write
				condition.To = endOfTime
			}
		}
		conditions[i] = condition
	}
	c.Conditions = conditions
	return c
}

// WithCohorts gives the query with the cohorts that its conditions name.
func (q Query) WithCohorts(find func(Condition) (*Cohort, error)) (Query, error) {
	resolve := func(f *Filter) error {
		var out []Condition
		for i, c := range f.Conditions {
			if c.Scope != ScopeCohort {
				continue
			}
			if out == nil { // others may hold the same query
				out = append(out, f.Conditions...)
			}
			found, err := find(c)
			if err != nil {
				return err
			}
			out[i].Cohort = found
		}
		if out != nil {
			f.Conditions = out
		}
		return nil
	}
	if err := resolve(&q.Filter); err != nil {
		return q, err
	}
	q.Series = append([]Series(nil), q.Series...)
	for i := range q.Series {
		if err := resolve(&q.Series[i].Filter); err != nil {
			return q, err
		}
	}
	q.Steps = append([]Step(nil), q.Steps...)
	for i := range q.Steps {
		if err := resolve(&q.Steps[i].Filter); err != nil {
			return q, err
		}
	}
	return q, nil
}
