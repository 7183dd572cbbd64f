package reference

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"slices"
	"strconv"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Formula is the answer of one formula, or of one group of it.
type Formula struct {
	Group            *string
	Values, Previous []Value
}

// formulas computes the formulas from a trend's series, those of each series of
// the query in a list of their own. An expression is read as one of Go.
func formulas(q insight.Query, bySeries [][]Series) []Formula {
	var out []Formula
	for _, f := range q.Formulas {
		tree, err := parser.ParseExpr(f.Expression)
		if err != nil {
			panic(err)
		}
		letters := map[string]int{}
		ast.Inspect(tree, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok {
				letters[name.Name] = int(name.Name[0] - 'A')
			}
			return true
		})
		lowest := len(bySeries)
		for _, i := range letters {
			lowest = min(lowest, i)
		}
		for _, g := range bySeries[lowest] {
			operands := map[string]Series{}
			for letter, i := range letters {
				for _, candidate := range bySeries[i] {
					if candidate.key == g.key && (!g.rest() || slices.Equal(namesOf(bySeries[i]), namesOf(bySeries[lowest]))) {
						operands[letter] = candidate
					}
				}
			}
			if len(operands) < len(letters) {
				continue
			}
			answer := Formula{Group: g.Group}
			for b := range g.Values {
				answer.Values = append(answer.Values, evaluate(tree, func(letter string) Value { return operands[letter].Values[b] }))
				if g.Previous == nil {
					continue
				}
				if g.has <= b {
					answer.Previous = append(answer.Previous, Value{Null: true})
					continue
				}
				answer.Previous = append(answer.Previous, evaluate(tree, func(letter string) Value { return operands[letter].Previous.Values[b] }))
			}
			out = append(out, answer)
		}
	}
	return out
}

// namesOf are the sorted keys of the named groups.
func namesOf(groups []Series) []string {
	var names []string
	for _, g := range groups {
		if !g.rest() && g.Group != nil {
			names = append(names, g.key)
		}
	}
	slices.Sort(names)
	return names
}

func evaluate(e ast.Expr, operand func(string) Value) Value {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return evaluate(e.X, operand)
	case *ast.Ident:
		return operand(e.Name)
	case *ast.BasicLit:
		f, err := strconv.ParseFloat(e.Value, 64)
		if err != nil {
			panic(err)
		}
		return exactly(f)
	case *ast.UnaryExpr:
		v := evaluate(e.X, operand)
		v.Number = -v.Number
		return v
	case *ast.BinaryExpr:
		a, b := evaluate(e.X, operand), evaluate(e.Y, operand)
		if a.Null || b.Null || (e.Op == token.QUO && b.Number == 0) {
			return Value{Null: true}
		}
		f := map[token.Token]float64{token.ADD: a.Number + b.Number, token.SUB: a.Number - b.Number, token.MUL: a.Number * b.Number, token.QUO: a.Number / b.Number}[e.Op]
		return Value{Number: f, Null: math.IsInf(f, 0) || math.IsNaN(f)}
	default:
		panic("no formula has this")
	}
}
