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
)

// CohortCondition is one condition on users.
type CohortCondition struct {
	Type CohortConditionType
	// Attribute belongs to CohortAttribute.
	Attribute Condition
	// The others belong to CohortEvent: the user has at least so many of the
	// events in the range, or, where Done is false, has not. Range is in the
	// days of Zone, and From and To are its instants once it is resolved.
	Event    string
	Filter   Filter
	Done     bool
	AtLeast  int
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
	cohortConditions = []CohortConditionType{CohortAttribute, CohortEvent}
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
	if c.Type == CohortAttribute {
		c.Attribute.Scope = ScopeUser
		if err := p.comparison(f, &c.Attribute); err != nil {
			return CohortCondition{}, err
		}
		return c, f.done()
	}
	if c.Event, err = parseEvent(f, "event"); err != nil {
		return CohortCondition{}, err
	}
	c.Done, c.AtLeast = true, 1
	if done, ok := f.get("done"); ok {
		if done.kind != jsonBool {
			return CohortCondition{}, errorf(CodeWrongType, done.path, "This must be true or false, not %s.", done.kind)
		}
		c.Done = done.boolean
	}
	if least, ok := f.get("at_least"); ok {
		if c.AtLeast, err = least.whole(1, maxAtLeast); err != nil {
			return CohortCondition{}, err
		}
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

// Resolve gives the definition with the instants of its ranges.
func (c Cohort) Resolve(now time.Time) Cohort {
	conditions := make([]CohortCondition, len(c.Conditions))
	for i, condition := range c.Conditions {
		if condition.Type == CohortEvent {
			bounds := Query{Range: condition.Range, Zone: condition.Zone}.Bounds(now)
			condition.From, condition.To = bounds.From.UTC(), bounds.To.UTC()
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
