package saved

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

const (
	// MaxCards is the most cards of a dashboard.
	MaxCards = 50
	// MaxText is the longest text of a card, in characters.
	MaxText = 10_000
	// Columns is how many columns the grid has.
	Columns = 12
	// MaxRow is the last row at which a card may start.
	MaxRow = 10_000
	// MaxHeight is the most rows of a card.
	MaxHeight = 100
	maxCardID = 64
)

// CardKind is what a card shows.
type CardKind string

// The kinds of cards.
const (
	// InsightCard shows the answer to a saved insight.
	InsightCard CardKind = "insight"
	// TextCard shows a text.
	TextCard CardKind = "text"
)

// Dashboard is a grid of cards.
type Dashboard struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Range and Timezone are for all cards, in place of their own; nil and ""
	// leave them theirs.
	Range    json.RawMessage `json:"range,omitempty"`
	Timezone string          `json:"timezone,omitempty"`
	Cards    []Card          `json:"cards"`
}

// Card is one of a dashboard.
type Card struct {
	// ID names the card within its dashboard.
	ID   string   `json:"id"`
	Kind CardKind `json:"kind"`
	// InsightID is of an InsightCard, Text of a TextCard.
	InsightID string `json:"insight_id,omitempty"`
	Text      string `json:"text,omitempty"`
	Layout    Layout `json:"layout"`
}

// Layout is a card's place: X and W in columns, Y and H in rows.
type Layout struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

func readDashboard(f *insight.Form, newID func() string) Dashboard {
	d := Dashboard{
		Name:        strings.TrimSpace(f.Text("name", 1, MaxName)),
		Description: f.Text("description", 0, MaxDescription),
		Range:       f.Range("range"),
		Timezone:    f.Timezone("timezone"),
		Cards:       []Card{},
	}
	seen := map[string]bool{}
	for _, form := range f.Forms("cards", "A card", MaxCards) {
		card := readCard(form)
		if card.ID == "" {
			card.ID = newID()
		}
		if seen[card.ID] {
			form.Fail("id", insight.CodeInvalidValue, "Another card has this id. Give each its own, or leave it out for the server to make one.")
		}
		seen[card.ID] = true
		d.Cards = append(d.Cards, card)
	}
	return d
}

func readCard(f *insight.Form) Card {
	c := Card{ID: f.Text("id", 0, maxCardID), Kind: CardKind(f.Word("kind", string(InsightCard), string(TextCard)))}
	switch c.Kind {
	case InsightCard:
		c.InsightID = f.Text("insight_id", 1, maxCardID)
		refuse(f, "text", c.Kind)
	case TextCard:
		c.Text = f.Text("text", 1, MaxText)
		refuse(f, "insight_id", c.Kind)
	}
	place := f.Form("layout", "A layout")
	c.Layout = Layout{
		X: place.Whole("x", 0, Columns-1), Y: place.Whole("y", 0, MaxRow),
		W: place.Whole("w", 1, Columns), H: place.Whole("h", 1, MaxHeight),
	}
	if c.Layout.X+c.Layout.W > Columns {
		place.Fail("w", insight.CodeInvalidValue, "The card is %d columns wide from column %d, and the grid has %d. Make it narrower, or move it left.", c.Layout.W, c.Layout.X, Columns)
	}
	return c
}

func refuse(f *insight.Form, name string, kind CardKind) {
	if f.Has(name) {
		f.Fail(name, insight.CodeNotAllowed, "A card of kind %q has no %q. Leave it out.", kind, name)
	}
}

// checkDashboard refuses cards of insights that there are not. One that was on
// the dashboard before stays, whatever became of its insight: else nothing
// else of the dashboard could be changed.
func (l *Library) checkDashboard(ctx context.Context, now Dashboard, before *Dashboard) error {
	var known map[string]bool
	for i, card := range now.Cards {
		if card.Kind != InsightCard || before != nil && before.shows(card.InsightID) {
			continue
		}
		if known == nil {
			insights, err := l.Insights.List(ctx, "")
			if err != nil {
				return err
			}
			known = map[string]bool{}
			for _, item := range insights {
				known[item.ID] = true
			}
		}
		if !known[card.InsightID] {
			return &insight.Error{
				Code: insight.CodeUnknownValue, Field: fmt.Sprintf("cards[%d].insight_id", i),
				Message: "There is no such insight, or no more. Save it first, or leave the card out.",
			}
		}
	}
	return nil
}

// shows reports whether a card shows the insight.
func (d Dashboard) shows(id string) bool {
	return slices.ContainsFunc(d.Cards, func(c Card) bool { return c.Kind == InsightCard && c.InsightID == id })
}

// without gives the dashboard without the cards of an insight.
func (d Dashboard) without(id string) Dashboard {
	d.Cards = slices.DeleteFunc(slices.Clone(d.Cards), func(c Card) bool { return c.Kind == InsightCard && c.InsightID == id })
	return d
}
