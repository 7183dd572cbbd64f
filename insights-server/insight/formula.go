package insight

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Limits of a trend's formulas.
const (
	// MaxFormulas is the number of formulas of one trend.
	MaxFormulas = 10
	// MaxExpression is the number of characters of an expression.
	MaxExpression = 500
	// maxDepth bounds how deep an expression is nested.
	maxDepth = 50
)

// Formula computes values from those of a trend's series. In its expression
// the letters A to J are the series in their order.
type Formula struct {
	Name       string
	Expression string
	// Series are the indexes of the series that the expression names, each
	// once, the lowest first.
	Series []int
	root   operation
}

// operation is a node of an expression.
type operation struct {
	// sign is one of + - * /, 'n' for a number, 's' for a series, and '~' for
	// a minus before its left side.
	sign        byte
	number      float64
	series      int
	left, right *operation
}

// Value computes the formula of one bucket, in which the series have these
// values. It is NaN where one that the expression names is, where it divides by
// zero, and where no double holds the result.
func (f Formula) Value(series func(int) float64) float64 {
	v := f.root.value(series)
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v + 0 // makes -0 a 0
}

func (o *operation) value(series func(int) float64) float64 {
	switch o.sign {
	case 'n':
		return o.number
	case 's':
		return series(o.series)
	case '~':
		return -o.left.value(series)
	}
	left, right := o.left.value(series), o.right.value(series)
	v := math.NaN()
	switch {
	case o.sign == '+':
		v = left + right
	case o.sign == '-':
		v = left - right
	case o.sign == '*':
		v = left * right
	case right != 0:
		v = left / right
	}
	if math.IsInf(v, 0) { // or 1 / (A * 1e308) would be 0
		return math.NaN()
	}
	return v
}

// formulas reads the member "formulas" of a trend, which may be absent.
func (p *parser) formulas(parent *fields, q *Query) *Error {
	n, ok := parent.get("formulas")
	if !ok {
		return nil
	}
	items, err := n.array()
	if err != nil {
		return err
	}
	if len(items) > MaxFormulas {
		return errorf(CodeTooMany, n.path, "These are %d formulas. Give at most %d, and ask for the others in a second query.", len(items), MaxFormulas)
	}
	for _, item := range items {
		formula, err := parseFormula(item, len(q.Series))
		if err != nil {
			return err
		}
		q.Formulas = append(q.Formulas, formula)
	}
	return nil
}

func parseFormula(n node, series int) (Formula, *Error) {
	f, err := n.fields("A formula")
	if err != nil {
		return Formula{}, err
	}
	const remedy = `Give for example "A / B * 100".`
	expression, err := f.required("expression", remedy)
	if err != nil {
		return Formula{}, err
	}
	text, err := expression.name(remedy)
	if err != nil {
		return Formula{}, err
	}
	formula := Formula{Name: text, Expression: text}
	if name, ok := f.get("name"); ok {
		if formula.Name, err = name.name("Leave it out, and the expression is the name."); err != nil {
			return Formula{}, err
		}
	}
	r := expressionReader{text: []rune(text), path: expression.path, series: series}
	if len(r.text) > MaxExpression {
		return Formula{}, errorf(CodeInvalidValue, expression.path, "The expression has %d characters. Give at most %d.", len(r.text), MaxExpression)
	}
	root, err := r.whole()
	if err != nil {
		return Formula{}, err
	}
	formula.root, formula.Series = *root, r.named
	return formula, f.done()
}

// expressionReader reads an expression by recursive descent: sums of products
// of what may have minuses before it.
type expressionReader struct {
	text   []rune
	at     int
	depth  int
	path   string
	series int
	named  []int
}

func (r *expressionReader) whole() (*operation, *Error) {
	root, err := r.sum()
	if err != nil {
		return nil, err
	}
	if r.peek() != 0 {
		return nil, r.unexpected("one of + - * / or the end")
	}
	if len(r.named) == 0 {
		return nil, errorf(CodeInvalidValue, r.path, "The expression names no series. The letters from A on are the series in their order, as in \"A / B\".")
	}
	slices.Sort(r.named)
	return root, nil
}

// peek gives the next character that is no space; 0 at the end.
func (r *expressionReader) peek() rune {
	for r.at < len(r.text) && strings.ContainsRune(" \t\r\n", r.text[r.at]) {
		r.at++
	}
	if r.at == len(r.text) {
		return 0
	}
	return r.text[r.at]
}

// unexpected says what stands where something else was to come. Positions
// count characters from 1.
func (r *expressionReader) unexpected(wanted string) *Error {
	found := "the expression ends"
	if c := r.peek(); c != 0 {
		found = "there is " + strconv.QuoteRune(c)
	}
	return errorf(CodeInvalidValue, r.path, "At character %d %s, where %s must come.", r.at+1, found, wanted)
}

func (r *expressionReader) sum() (*operation, *Error) { return r.chain("+-", r.product) }

func (r *expressionReader) product() (*operation, *Error) { return r.chain("*/", r.signed) }

// chain reads operands between these signs, which hold from the left.
func (r *expressionReader) chain(signs string, operand func() (*operation, *Error)) (*operation, *Error) {
	left, err := operand()
	for err == nil {
		sign := r.peek()
		if sign == 0 || !strings.ContainsRune(signs, sign) {
			return left, nil
		}
		r.at++
		var right *operation
		if right, err = operand(); err == nil {
			left = &operation{sign: byte(sign), left: left, right: right}
		}
	}
	return nil, err
}

func (r *expressionReader) signed() (*operation, *Error) {
	if r.depth++; r.depth > maxDepth {
		return nil, errorf(CodeInvalidValue, r.path, "At character %d the expression is nested more than %d levels deep. Write it with fewer parentheses.", r.at+1, maxDepth)
	}
	defer func() { r.depth-- }()
	switch c := r.peek(); {
	case c == '-':
		r.at++
		operand, err := r.signed()
		return &operation{sign: '~', left: operand}, err
	case c == '(':
		r.at++
		inner, err := r.sum()
		if err != nil {
			return nil, err
		}
		if r.peek() != ')' {
			return nil, r.unexpected("one of + - * / or a closing parenthesis")
		}
		r.at++
		return inner, nil
	case c >= 'A' && c < 'A'+MaxSeries:
		return r.letter(int(c - 'A'))
	case c == '.' || (c >= '0' && c <= '9'):
		return r.number()
	default:
		return nil, r.unexpected("a letter from A to J, a number or a parenthesis")
	}
}

func (r *expressionReader) letter(series int) (*operation, *Error) {
	if series >= r.series {
		return nil, errorf(CodeInvalidValue, r.path, "At character %d, %c is the series number %d, and the query has %d.", r.at+1, 'A'+series, series+1, r.series)
	}
	r.at++
	if !slices.Contains(r.named, series) {
		r.named = append(r.named, series)
	}
	return &operation{sign: 's', series: series}, nil
}

// number reads digits with a fraction and an exponent, as JSON has them.
func (r *expressionReader) number() (*operation, *Error) {
	start := r.at
	digits := func() {
		for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
			r.at++
		}
	}
	next := func(any string) bool {
		if r.at < len(r.text) && strings.ContainsRune(any, r.text[r.at]) {
			r.at++
			return true
		}
		return false
	}
	digits()
	if next(".") {
		digits()
	}
	if next("eE") {
		next("+-")
		digits()
	}
	text := string(r.text[start:r.at])
	number, err := strconv.ParseFloat(text, 64)
	if err != nil && (math.IsInf(number, 0) || number == 0) {
		return nil, errorf(CodeInvalidValue, r.path, "At character %d, %s is not a number that a double holds.", start+1, quoteShort(text))
	}
	return &operation{sign: 'n', number: number}, nil
}
