package model

import (
	"math"
	"strconv"
	"strings"
)

// Dollars is an amount with cents; what is less than half a cent and not nothing
// is "<0.01".
func Dollars(amount float64) string {
	if amount > 0 && amount < 0.005 {
		return "<0.01"
	}
	return grouped(strconv.FormatFloat(amount, 'f', 2, 64))
}

// PerMillion is a price of a million events; below a dollar a cent is too coarse.
func PerMillion(amount float64) string {
	if amount < 1 {
		return strconv.FormatFloat(amount, 'f', 3, 64)
	}
	return Dollars(amount)
}

// Amount is the quantity with its unit.
func (l Line) Amount() string {
	if l.Quantity == 1 {
		return "1 " + strings.TrimSuffix(l.Unit, "s")
	}
	return Number(l.Quantity) + " " + l.Unit
}

// Number is a quantity: whole from 100, else with as much of it as says something.
func Number(quantity float64) string {
	switch {
	case quantity >= 100 || quantity == math.Trunc(quantity):
		return grouped(strconv.FormatFloat(quantity, 'f', 0, 64))
	case quantity >= 0.01:
		return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(quantity, 'f', 2, 64), "0"), ".")
	default:
		return "<0.01"
	}
}

// grouped puts a comma between thousands.
func grouped(digits string) string {
	whole, rest, _ := strings.Cut(digits, ".")
	var out strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(digit)
	}
	if rest != "" {
		out.WriteString("." + rest)
	}
	return out.String()
}
