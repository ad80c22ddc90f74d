package sqlite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tandem/confdb"
	"tandem/confdb/schema"
	"tandem/telephony"
)

// write makes the rows of one object what they are to be. Rows that do not differ leave no trace in the changeset.
func (db *DB) write(c confdb.Change) error {
	table := schema.TableOf(c.Kind)
	if c.After == nil {
		keys := toArgs(table.KeyValues(c.Before))
		for _, child := range table.Children {
			if err := db.execute("DELETE FROM "+quote(child.Name)+" WHERE "+quote(child.Columns[0].Name)+" = ?", keys[:1]); err != nil {
				return err
			}
		}
		return db.execute("DELETE FROM "+quote(table.Name)+" WHERE "+where(table), keys)
	}
	of := schema.Struct(c.After)
	args := make([]any, len(table.Columns))
	for i, column := range table.Columns {
		args[i] = db.value(table, column, of, c.Key)
	}
	if err := db.execute(upsert(table), args); err != nil {
		return err
	}
	for _, child := range table.Children {
		if err := db.writeChild(child, c.Key, child.Field.Value(of)); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) writeChild(t *schema.Table, key string, list reflect.Value) error {
	statement := upsert(t)
	parent, second := quote(t.Columns[0].Name), quote(t.Columns[1].Name)
	if t.Field.Shape == schema.ShapeTextMap {
		keep := []any{key}
		for it := list.MapRange(); it.Next(); {
			if err := db.execute(statement, []any{key, it.Key().String(), it.Value().String()}); err != nil {
				return err
			}
			keep = append(keep, it.Key().String())
		}
		return db.executeTransient("DELETE FROM "+quote(t.Name)+" WHERE "+parent+" = ? AND "+second+" NOT IN (?"+
			strings.Repeat(",?", len(keep)-1)+")", append(keep, "")) // the empty text is no member
	}
	for i := range list.Len() {
		args := []any{key, i + 1}
		if t.Field.Shape == schema.ShapeTexts {
			args = append(args, list.Index(i).String())
		} else {
			for _, column := range t.Columns[2:] {
				args = append(args, db.value(t, column, list.Index(i), key))
			}
		}
		if err := db.execute(statement, args); err != nil {
			return err
		}
	}
	return db.execute("DELETE FROM "+quote(t.Name)+" WHERE "+parent+" = ? AND "+second+" > ?", []any{key, list.Len()})
}

// value is what a column holds of a struct.
func (db *DB) value(t *schema.Table, c *schema.Column, of reflect.Value, key string) any {
	if c.Outer != nil {
		pointer := c.Outer.Value(of)
		if pointer.IsNil() {
			if c.SQL == "INTEGER" {
				return 0
			}
			return ""
		}
		of = pointer.Elem()
	}
	v := c.Field.Value(of)
	switch c.Field.Shape {
	case schema.ShapeBool:
		if v.Bool() {
			return 1
		}
		return 0
	case schema.ShapeInteger:
		return v.Int()
	case schema.ShapeSecret:
		return db.key.seal(v.Interface().(telephony.Secret).Reveal(), place(t, c, key))
	case schema.ShapeTexts, schema.ShapeTextMap:
		if v.Len() == 0 {
			return ""
		}
		var b bytes.Buffer // of strings only: it cannot fail; maps are written in the order of their keys
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(v.Interface())
		return strings.TrimSuffix(b.String(), "\n")
	default:
		return v.String()
	}
}

// set puts what a column holds into a struct.
func (db *DB) set(t *schema.Table, c *schema.Column, of reflect.Value, key string, s *sqlite.Stmt, i int) error {
	if c.Outer != nil {
		if s.ColumnType(i) == sqlite.TypeInteger && s.ColumnInt64(i) == 0 || s.ColumnType(i) == sqlite.TypeText && s.ColumnLen(i) == 0 {
			return nil // absent; the pointer stays nil unless another column holds something
		}
		pointer := c.Outer.Value(of)
		if pointer.IsNil() {
			pointer.Set(reflect.New(c.Outer.Type.Elem()))
		}
		of = pointer.Elem()
	}
	v := c.Field.Value(of)
	switch c.Field.Shape {
	case schema.ShapeBool:
		v.SetBool(s.ColumnInt64(i) != 0)
	case schema.ShapeInteger:
		v.SetInt(s.ColumnInt64(i))
	case schema.ShapeSecret:
		if s.ColumnLen(i) == 0 {
			return nil
		}
		text, err := db.key.open(s.ColumnText(i), place(t, c, key))
		if err != nil {
			return fmt.Errorf("%s %s, %s: %w", t.Kind.Kind, key, c.Field.Name, err)
		}
		v.Set(reflect.ValueOf(telephony.NewSecret(text)))
	case schema.ShapeTexts, schema.ShapeTextMap:
		if s.ColumnLen(i) == 0 {
			return nil
		}
		if err := json.Unmarshal([]byte(s.ColumnText(i)), v.Addr().Interface()); err != nil {
			return fmt.Errorf("%s %s, %s: %w", t.Kind.Kind, key, c.Field.Name, err)
		}
	default:
		v.SetString(s.ColumnText(i))
	}
	return nil
}

func place(t *schema.Table, c *schema.Column, key string) string {
	return t.Name + "." + c.Name + "/" + key
}

// loadKind reads every object of a kind.
func (db *DB) loadKind(k *schema.Kind) ([]telephony.Object, error) {
	return db.selectKind(k, "", nil)
}

// selectKind reads objects of a kind: all, or the one with the values of the key.
func (db *DB) selectKind(k *schema.Kind, key string, values []string) ([]telephony.Object, error) {
	table := schema.TableOf(k.Kind)
	list, there, err := db.readable(table)
	if err != nil || !there {
		return nil, err
	}
	query, args := "SELECT "+list+" FROM "+quote(table.Name), []any(nil)
	if values != nil {
		query, args = query+" WHERE "+where(table), toArgs(values)
	}
	var objects []telephony.Object
	byKey := map[string]telephony.Object{}
	keys := make([]string, table.Keys)
	err = sqlitex.Execute(db.conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(s *sqlite.Stmt) error {
		for i := range keys {
			keys[i] = s.ColumnText(i)
		}
		o := reflect.New(k.Type)
		object := o.Interface().(telephony.Object)
		name := table.KeyOf(keys)
		for i, c := range table.Columns {
			if err := db.set(table, c, o.Elem(), name, s, i); err != nil {
				return err
			}
		}
		objects = append(objects, object)
		if len(table.Children) > 0 {
			byKey[name] = object
		}
		return nil
	}})
	if err != nil || len(objects) == 0 {
		return nil, err
	}
	for _, child := range table.Children {
		if err := db.loadChild(child, byKey, key, values != nil); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

func (db *DB) loadChild(t *schema.Table, byKey map[string]telephony.Object, key string, one bool) error {
	list, there, err := db.readable(t)
	if err != nil || !there {
		return err
	}
	query, args := "SELECT "+list+" FROM "+quote(t.Name), []any(nil)
	if one {
		query, args = query+" WHERE "+quote(t.Columns[0].Name)+" = ?", []any{key}
	}
	query += " ORDER BY 1, 2"
	return sqlitex.Execute(db.conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(s *sqlite.Stmt) error {
		object := byKey[s.ColumnText(0)]
		if object == nil {
			return fmt.Errorf("a row of %s belongs to no object", t.Name)
		}
		list := t.Field.Value(schema.Struct(object))
		switch t.Field.Shape {
		case schema.ShapeTextMap:
			if list.IsNil() {
				list.Set(reflect.MakeMap(t.Field.Type))
			}
			list.SetMapIndex(reflect.ValueOf(s.ColumnText(1)).Convert(t.Field.Type.Key()), reflect.ValueOf(s.ColumnText(2)).Convert(t.Field.Type.Elem()))
		case schema.ShapeTexts:
			list.Set(reflect.Append(list, reflect.ValueOf(s.ColumnText(2)).Convert(t.Field.Type.Elem())))
		default:
			item := reflect.New(t.Field.Type.Elem()).Elem()
			for i, c := range t.Columns[2:] {
				if err := db.set(t, c, item, s.ColumnText(0), s, i+2); err != nil {
					return err
				}
			}
			list.Set(reflect.Append(list, item))
		}
		return nil
	}})
}

// touch is an object that a changeset touches.
type touch struct {
	kind   *schema.Kind
	key    string
	values []string // of the key columns
}

// touchedBy lists the objects whose rows a changeset changes, each once.
func touchedBy(changeset []byte) ([]touch, error) {
	if len(changeset) == 0 {
		return nil, nil
	}
	it, err := sqlite.NewChangesetIterator(bytes.NewReader(changeset))
	if err != nil {
		return nil, err
	}
	defer it.Close()
	seen := map[[2]string]bool{}
	var all []touch
	for {
		more, err := it.Next()
		if err != nil {
			return nil, err
		}
		if !more {
			return all, nil
		}
		operation, err := it.Operation()
		if err != nil {
			return nil, err
		}
		table := schema.TableNamed(operation.TableName)
		if table == nil {
			return nil, fmt.Errorf("it changes the unknown table %q", operation.TableName)
		}
		n := table.Keys
		if table.Field != nil {
			n = 1
		}
		values := make([]string, n)
		for i := range values {
			read := it.Old
			if operation.Type == sqlite.OpInsert {
				read = it.New
			}
			v, err := read(i)
			if err != nil {
				return nil, err
			}
			values[i] = v.Text()
		}
		t := touch{table.Kind, table.KeyOf(values), values}
		if id := [2]string{string(t.kind.Kind), t.key}; !seen[id] {
			seen[id] = true
			all = append(all, t)
		}
	}
}

// manyTouched is the number of objects of a kind from which reading the whole kind is quicker than one by one.
const manyTouched = 200

// read returns the objects as they are now; those that are gone have no After.
func (db *DB) read(touched []touch) ([]confdb.Change, error) {
	count := map[telephony.Kind]int{}
	for _, t := range touched {
		count[t.kind.Kind]++
	}
	whole := map[telephony.Kind]map[string]telephony.Object{}
	changes := make([]confdb.Change, 0, len(touched))
	for _, t := range touched {
		change := confdb.Change{Kind: t.kind.Kind, Key: t.key}
		if count[t.kind.Kind] >= manyTouched {
			if whole[t.kind.Kind] == nil {
				objects, err := db.loadKind(t.kind)
				if err != nil {
					return nil, err
				}
				whole[t.kind.Kind] = make(map[string]telephony.Object, len(objects))
				for _, o := range objects {
					whole[t.kind.Kind][o.Key()] = o
				}
			}
			if o := whole[t.kind.Kind][t.key]; o != nil {
				change.After = o
			}
		} else {
			objects, err := db.selectKind(t.kind, t.key, t.values)
			if err != nil {
				return nil, err
			}
			if len(objects) == 1 {
				change.After = objects[0]
			}
		}
		changes = append(changes, change)
	}
	return changes, nil
}

func (db *DB) execute(query string, args []any) error {
	return sqlitex.Execute(db.conn, query, &sqlitex.ExecOptions{Args: args})
}

func (db *DB) executeTransient(query string, args []any) error {
	return sqlitex.ExecuteTransient(db.conn, query, &sqlitex.ExecOptions{Args: args})
}

func toArgs(values []string) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}

func quote(name string) string { return `"` + name + `"` }

func columns(t *schema.Table) string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = quote(c.Name)
	}
	return strings.Join(names, ", ")
}

func where(t *schema.Table) string {
	parts := make([]string, t.Keys)
	for i := range t.Keys {
		parts[i] = quote(t.Columns[i].Name) + " = ?"
	}
	return strings.Join(parts, " AND ")
}

// upsert is the statement that inserts a row or makes the one with its key equal to it.
func upsert(t *schema.Table) string {
	keys, sets := []string{}, []string{}
	for i, c := range t.Columns {
		if i < t.Keys {
			keys = append(keys, quote(c.Name))
		} else {
			sets = append(sets, quote(c.Name)+" = excluded."+quote(c.Name))
		}
	}
	action := "DO NOTHING"
	if len(sets) > 0 {
		action = "DO UPDATE SET " + strings.Join(sets, ", ")
	}
	return "INSERT INTO " + quote(t.Name) + " (" + columns(t) + ") VALUES (?" + strings.Repeat(", ?", len(t.Columns)-1) + ") ON CONFLICT (" +
		strings.Join(keys, ", ") + ") " + action
}
