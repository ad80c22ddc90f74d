package schema

import (
	"reflect"
	"strings"
	"unicode"

	"tandem/telephony"
)

// How objects lie in tables:
//
//   - A kind has a table. Its first columns are the key; together they are the primary key.
//   - A text, truth or whole number is a column; secrets are columns that hold them sealed.
//   - The fields of an inner struct (a forward) are columns with its name before theirs; all empty means that it is absent.
//   - A list of structs, and a list or map whose texts name other objects, has a table of its own, by the key
//     of its object and the place in the list, so that SQL can join it.
//   - Any other list or map is a column of JSON.
//
// Nothing is NULL: absent is the empty text and 0. New columns come at the end with such a default, so that changesets
// of the version before still fit (dependencies.md 3.1).

// Table is one table.
type Table struct {
	Name     string
	Kind     *Kind
	Columns  []*Column
	Keys     int      // the first columns, which are the primary key
	Children []*Table // lists of the objects, only of a kind's own table
	Field    *Field   // the list, of a child table
}

// Column is one column. Position in a list and the text of an item have no field.
type Column struct {
	Name  string
	Field *Field // nil for the parent's key, the position, the item and the value of a child table
	Outer *Field // the inner struct that holds the field, or nil
	SQL   string // TEXT or INTEGER
}

// Names of columns of child tables.
const (
	ColumnPosition = "position"
	ColumnItem     = "item"
	ColumnValue    = "value"
)

var (
	tables      []*Table
	tableByName = map[string]*Table{}
	tableOfKind = map[telephony.Kind]*Table{}
)

func init() {
	for _, k := range kinds {
		t := &Table{Name: snake(string(k.Kind)), Kind: k, Keys: len(k.Keys)}
		for _, f := range k.Keys {
			t.Columns = append(t.Columns, &Column{Name: snake(f.Name), Field: f, SQL: "TEXT"})
		}
		for _, f := range k.Fields {
			if !isKey(k, f) {
				t.add(f)
			}
		}
		tables = append(tables, t)
		tableByName[t.Name], tableOfKind[k.Kind] = t, t
		for _, child := range t.Children {
			tables = append(tables, child)
			tableByName[child.Name] = child
		}
	}
}

func isKey(k *Kind, f *Field) bool {
	for _, key := range k.Keys {
		if key == f {
			return true
		}
	}
	return false
}

func (t *Table) add(f *Field) {
	switch f.Shape {
	case ShapeText, ShapeSecret, ShapeBool, ShapeInteger:
		t.Columns = append(t.Columns, column("", f, nil))
	case ShapeStruct:
		for _, inner := range f.Fields {
			t.Columns = append(t.Columns, column(snake(f.Name)+"_", inner, f))
		}
	case ShapeTexts, ShapeTextMap:
		if f.Ref == "" {
			t.Columns = append(t.Columns, column("", f, nil))
			return
		}
		child := t.child(f)
		if f.Shape == ShapeTexts {
			child.Columns = append(child.Columns, &Column{Name: ColumnPosition, SQL: "INTEGER"}, &Column{Name: ColumnItem, SQL: "TEXT"})
		} else {
			child.Columns = append(child.Columns, &Column{Name: ColumnItem, SQL: "TEXT"}, &Column{Name: ColumnValue, SQL: "TEXT"})
		}
	case ShapeStructs:
		child := t.child(f)
		child.Columns = append(child.Columns, &Column{Name: ColumnPosition, SQL: "INTEGER"})
		for _, inner := range f.Fields {
			child.Columns = append(child.Columns, column("", inner, nil))
		}
	}
}

func (t *Table) child(f *Field) *Table {
	if t.Keys != 1 {
		panic("schema: " + t.Name + " has a list and a key of several parts") // met by every test, never later
	}
	child := &Table{Name: t.Name + "_" + snake(f.Name), Kind: t.Kind, Keys: 2, Field: f}
	child.Columns = []*Column{{Name: t.Name, SQL: "TEXT"}}
	t.Children = append(t.Children, child)
	return child
}

func column(prefix string, f *Field, outer *Field) *Column {
	sql := "TEXT"
	if f.Shape == ShapeBool || f.Shape == ShapeInteger {
		sql = "INTEGER"
	}
	return &Column{Name: prefix + snake(f.Name), Field: f, Outer: outer, SQL: sql}
}

// Tables lists every table, a kind's own before those of its lists.
func Tables() []*Table { return tables }

// TableOf is the table of a kind.
func TableOf(kind telephony.Kind) *Table { return tableOfKind[kind] }

// TableNamed finds a table by its name, or returns nil.
func TableNamed(name string) *Table { return tableByName[name] }

// KeyOf joins the values of the first columns of a row to the key of the object.
func (t *Table) KeyOf(values []string) string {
	if t.Field != nil || len(t.Kind.Keys) == 1 {
		return values[0]
	}
	o := reflect.New(t.Kind.Type)
	for i, f := range t.Kind.Keys {
		f.Value(o.Elem()).SetString(values[i])
	}
	return o.Interface().(telephony.Object).Key()
}

// KeyValues are the values of the key columns of an object.
func (t *Table) KeyValues(o telephony.Object) []string {
	values := make([]string, len(t.Kind.Keys))
	for i, f := range t.Kind.Keys {
		values[i] = f.Value(Struct(o)).String()
	}
	return values
}

// SQL is the statement that creates the table as described now. Migrations are written out by hand; a test compares.
func (t *Table) SQL() string {
	var b strings.Builder
	b.WriteString("CREATE TABLE " + t.Name + " (\n")
	for _, c := range t.Columns {
		fallback := "''"
		if c.SQL == "INTEGER" {
			fallback = "0"
		}
		b.WriteString("  " + c.Name + " " + c.SQL + " NOT NULL DEFAULT " + fallback + ",\n")
	}
	b.WriteString("  PRIMARY KEY (")
	for i := range t.Keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.Columns[i].Name)
	}
	b.WriteString(")\n) STRICT, WITHOUT ROWID;\n")
	return b.String()
}

// reserved are words that SQL keeps for itself, with the columns that stand for them.
var reserved = map[string]string{"index": "index_number"}

// snake writes a name of the site file as a column: directoryNumber becomes directory_number, serviceUrls service_urls.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) {
			if i > 0 {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	if other := reserved[b.String()]; other != "" {
		return other
	}
	return b.String()
}
