// Package saved keeps what people save: insights, dashboards of them,
// annotations of the time line, and definitions of events and properties. It knows what each is made of and how they
// hang together; where they lie is the document store's matter.
package saved

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// The kinds of documents.
const (
	insightKind    document.Kind = "insight"
	dashboardKind  document.Kind = "dashboard"
	annotationKind document.Kind = "annotation"

	eventDefinitionKind    document.Kind = "event definition"
	propertyDefinitionKind document.Kind = "property definition"
)

const (
	// MaxName is the longest name, in characters.
	MaxName = 200
	// MaxDescription is the longest description, in characters.
	MaxDescription = 2_000
)

// Documents is where everything lies; *document.Store is the one that is used.
type Documents interface {
	List(ctx context.Context, kind document.Kind) ([]document.Document, error)
	Get(ctx context.Context, kind document.Kind, id string) (document.Document, error)
	Create(ctx context.Context, kind document.Kind, body json.RawMessage, by string) (document.Document, error)
	Update(ctx context.Context, kind document.Kind, id string, version int64, body json.RawMessage, by string) (document.Document, error)
	Delete(ctx context.Context, kind document.Kind, id string, version int64) error
}

// Meta says which item it is, and who saved it when.
type Meta struct {
	ID string `json:"id"`
	// Version counts from 1 and goes up by one with each change.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy string    `json:"updated_by"`
}

// Item is something saved: what it is made of, with its Meta.
type Item[C any] struct {
	Meta
	Content C
}

// MarshalJSON writes both as one object.
func (i Item[C]) MarshalJSON() ([]byte, error) {
	meta, err := encode(i.Meta)
	if err != nil {
		return nil, err
	}
	content, err := encode(i.Content)
	if err != nil {
		return nil, err
	}
	return slices.Concat(meta[:len(meta)-1], []byte{','}, content[1:]), nil
}

// encode writes JSON without HTML's escapes, which would only make it longer.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// Library is all that is saved.
type Library struct {
	Insights    *Collection[Insight]
	Dashboards  *Collection[Dashboard]
	Annotations *Collection[Annotation]

	EventDefinitions    *Collection[EventDefinition]
	PropertyDefinitions *Collection[PropertyDefinition]
}

// Options of a Library. The zero value is good.
type Options struct {
	// NewID makes the ids of a dashboard's cards; nil means random UUIDs.
	NewID func() string
	// Now is the clock by which definitions are verified; nil means time.Now.
	Now func() time.Time
}

// New makes a library over a document store. It touches no database.
func New(documents Documents, o Options) *Library {
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Library{
		Insights:    &Collection[Insight]{documents: documents, kind: insightKind, read: readInsight},
		Dashboards:  &Collection[Dashboard]{documents: documents, kind: dashboardKind},
		Annotations: &Collection[Annotation]{documents: documents, kind: annotationKind, read: readAnnotation},

		EventDefinitions:    definitions(documents, eventDefinitionKind, readEventDefinition, eventDefinitionOf, o.Now),
		PropertyDefinitions: definitions(documents, propertyDefinitionKind, readPropertyDefinition, propertyDefinitionOf, o.Now),
	}
	l.Dashboards.read = func(f *insight.Form) Dashboard { return readDashboard(f, o.NewID) }
	l.Dashboards.check = l.checkDashboard
	l.Insights.name = func(i *Insight) *string { return &i.Name }
	l.Dashboards.name = func(d *Dashboard) *string { return &d.Name }
	l.Annotations.name = func(a *Annotation) *string { return &a.Text }
	return l
}

// Collection is all items of one kind.
type Collection[C any] struct {
	documents Documents
	kind      document.Kind
	// read takes the content out of a form.
	read func(*insight.Form) C
	// check holds the content against the rest of the library; before is what
	// it replaces, nil for what is new. A nil check lets everything pass.
	check func(ctx context.Context, now C, before *C) error
	// name is what an item is called, to be searched and copied by.
	name func(*C) *string
	// only is what there may be one item of; a nil only allows any number.
	only func(*C) string
	// making keeps two of this process from making the same one at once.
	making sync.Mutex
	// settle fills in what the form does not say; before is what it replaces, nil
	// for what is new, and by is who saves it. nil where there is nothing such.
	settle func(now, before *C, by string)
}

// List gives the items whose name holds the text, case ignored, the last
// changed first.
func (c *Collection[C]) List(ctx context.Context, search string) ([]Item[C], error) {
	documents, err := c.documents.List(ctx, c.kind)
	if err != nil {
		return nil, err
	}
	items := []Item[C]{}
	search = strings.ToLower(search)
	for _, d := range documents {
		item, err := decode[C](d)
		if err != nil {
			return nil, err
		}
		if strings.Contains(strings.ToLower(*c.name(&item.Content)), search) {
			items = append(items, item)
		}
	}
	slices.SortFunc(items, func(a, b Item[C]) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(a.ID, b.ID))
	})
	return items, nil
}

// Get gives one item. An error wraps document.ErrNotFound when there is none.
func (c *Collection[C]) Get(ctx context.Context, id string) (Item[C], error) {
	if err := c.known(id); err != nil {
		return Item[C]{}, err
	}
	d, err := c.documents.Get(ctx, c.kind, id)
	if err != nil {
		return Item[C]{}, err
	}
	return decode[C](d)
}

// known spares the database what can be none of its ids.
func (c *Collection[C]) known(id string) error {
	if uuid.Validate(id) != nil {
		return fmt.Errorf("%s %q: %w", c.kind, id, document.ErrNotFound)
	}
	return nil
}

// Create saves a new item, read from JSON. What is wrong with that is told by
// an *insight.Error.
func (c *Collection[C]) Create(ctx context.Context, body []byte, by string) (Item[C], error) {
	form := insight.ReadForm(body, c.what())
	content := c.read(form)
	if err := form.Finish(); err != nil {
		return Item[C]{}, err
	}
	if c.check != nil {
		if err := c.check(ctx, content, nil); err != nil {
			return Item[C]{}, err
		}
	}
	if c.settle != nil {
		c.settle(&content, nil, by)
	}
	if c.only != nil {
		return c.addOnly(ctx, content, by)
	}
	return c.add(ctx, content, by)
}

// addOnly saves the only item of its name. Not every engine keeps names apart,
// so of two that other processes make at the same time the older stays.
func (c *Collection[C]) addOnly(ctx context.Context, content C, by string) (Item[C], error) {
	c.making.Lock()
	defer c.making.Unlock()
	if _, ok, err := c.oldest(ctx, content); err != nil {
		return Item[C]{}, err
	} else if ok {
		return Item[C]{}, fmt.Errorf("save a new %s: %w", c.kind, ErrDefined)
	}
	made, err := c.add(ctx, content, by)
	if err != nil {
		return Item[C]{}, err
	}
	first, ok, err := c.oldest(ctx, content)
	if err != nil || !ok || first == made.ID {
		return made, err
	}
	if err := c.documents.Delete(ctx, c.kind, made.ID, made.Version); err != nil {
		return Item[C]{}, err
	}
	return Item[C]{}, fmt.Errorf("save a new %s: %w", c.kind, ErrDefined)
}

// oldest finds the id of the oldest item that is of the same as the content.
func (c *Collection[C]) oldest(ctx context.Context, content C) (id string, ok bool, err error) {
	documents, err := c.documents.List(ctx, c.kind) // the oldest first
	if err != nil {
		return "", false, err
	}
	for _, d := range documents {
		item, err := decode[C](d)
		if err != nil {
			return "", false, err
		}
		if c.only(&item.Content) == c.only(&content) {
			return item.ID, true, nil
		}
	}
	return "", false, nil
}

func (c *Collection[C]) add(ctx context.Context, content C, by string) (Item[C], error) {
	body, err := encode(content)
	if err != nil {
		return Item[C]{}, fmt.Errorf("write a new %s: %w", c.kind, err)
	}
	d, err := c.documents.Create(ctx, c.kind, body, by)
	if err != nil {
		return Item[C]{}, err
	}
	return decode[C](d)
}

// Replace saves an item anew, read from JSON. The JSON may name the version
// that it is a change of, and so may the caller (0 means that it does not);
// an error wraps document.ErrStale when the item has another by now. Without
// either it replaces whatever there is.
func (c *Collection[C]) Replace(ctx context.Context, id string, body []byte, version int64, by string) (Item[C], error) {
	form := insight.ReadForm(body, c.what())
	if form.Has("version") {
		told := int64(form.Whole("version", 1, maxVersion))
		if version != 0 && told != version {
			form.Fail("version", insight.CodeInvalidValue, "The version is %d here and %d in If-Match. Give one of the two, or the same.", told, version)
		}
		version = told
	}
	content := c.read(form)
	if err := form.Finish(); err != nil {
		return Item[C]{}, err
	}
	return c.change(ctx, id, version, by, func(before C) (C, error) {
		now := content
		if c.settle != nil {
			c.settle(&now, &before, by)
		}
		if c.check == nil {
			return now, nil
		}
		return now, c.check(ctx, now, &before)
	})
}

// maxVersion is the greatest whole number that every JSON reader keeps exact.
const maxVersion = 1<<53 - 1

// attempts at a change of whatever version there is, while others change it.
const attempts = 5

// change makes an item's new content of its old. version 0 means whatever
// version it has: then the change is made again when somebody came between.
func (c *Collection[C]) change(ctx context.Context, id string, version int64, by string, to func(before C) (C, error)) (Item[C], error) {
	for attempt := 1; ; attempt++ {
		now, err := c.Get(ctx, id)
		if err != nil {
			return Item[C]{}, err
		}
		if version != 0 && now.Version != version {
			return Item[C]{}, fmt.Errorf("save the %s %s: version %d is given, it has %d: %w", c.kind, id, version, now.Version, document.ErrStale)
		}
		content, err := to(now.Content)
		if err != nil {
			return Item[C]{}, err
		}
		body, err := encode(content)
		if err != nil {
			return Item[C]{}, fmt.Errorf("write the %s %s: %w", c.kind, id, err)
		}
		d, err := c.documents.Update(ctx, c.kind, id, now.Version, body, by)
		switch {
		case err == nil:
			return decode[C](d)
		case errors.Is(err, document.ErrStale) && version == 0 && attempt < attempts:
		default:
			return Item[C]{}, err
		}
	}
}

// Duplicate saves a copy of an item, named "Copy of …".
func (c *Collection[C]) Duplicate(ctx context.Context, id, by string) (Item[C], error) {
	item, err := c.Get(ctx, id)
	if err != nil {
		return Item[C]{}, err
	}
	name := c.name(&item.Content)
	*name = firstCharacters("Copy of "+*name, MaxName)
	return c.add(ctx, item.Content, by)
}

func firstCharacters(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
}

// Delete removes an item that has the version, or, with 0, whichever it has.
func (c *Collection[C]) Delete(ctx context.Context, id string, version int64) error {
	if err := c.known(id); err != nil {
		return err
	}
	return c.documents.Delete(ctx, c.kind, id, version)
}

func (c *Collection[C]) what() string { return "The " + string(c.kind) }

func decode[C any](d document.Document) (Item[C], error) {
	item := Item[C]{Meta: Meta{
		ID: d.ID, Version: d.Version,
		CreatedAt: d.CreatedAt, CreatedBy: d.CreatedBy, UpdatedAt: d.UpdatedAt, UpdatedBy: d.UpdatedBy,
	}}
	if err := json.Unmarshal(d.Body, &item.Content); err != nil {
		return Item[C]{}, fmt.Errorf("read the %s %s: %w", d.Kind, d.ID, err)
	}
	return item, nil
}
