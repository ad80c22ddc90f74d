package sqlite

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tandem/confdb/schema"
	"tandem/telephony"
)

// Digest implements confdb.Storage. It goes over the rows of every table as they are stored, so that rows which no object owns any
// more count too: under the name of the object that they would belong to.
func (db *DB) Digest(each func(kind telephony.Kind, key string, hash [32]byte)) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.conn == nil {
		return errors.New("the database is closed")
	}
	if db.schema == 0 {
		return nil
	}
	for _, kind := range schema.Kinds() {
		main := schema.TableOf(kind.Kind)
		sums := map[string]hash.Hash{}
		for _, t := range append([]*schema.Table{main}, main.Children...) {
			if err := db.digestTable(t, sums); err != nil {
				return db.openFault(err)
			}
		}
		keys := make([]string, 0, len(sums))
		for key := range sums {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			each(kind.Kind, key, [32]byte(sums[key].Sum(nil)))
		}
	}
	return nil
}

func (db *DB) digestTable(t *schema.Table, sums map[string]hash.Hash) error {
	order := make([]string, t.Keys)
	for i := range order {
		order[i] = quote(t.Columns[i].Name)
	}
	owner := t.Keys
	if t.Field != nil {
		owner = 1 // of a list: its first column names the object
	}
	values := make([]string, owner)
	var row []byte
	return sqlitex.Execute(db.conn, "SELECT "+columns(t)+" FROM "+quote(t.Name)+" ORDER BY "+strings.Join(order, ", "), &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			row = appendText(row[:0], t.Name)
			for i := range t.Columns {
				row = append(row, byte(s.ColumnType(i)))
				row = appendText(row, s.ColumnText(i))
			}
			for i := range values {
				values[i] = s.ColumnText(i)
			}
			key := t.KeyOf(values)
			sum := sums[key]
			if sum == nil {
				sum = sha256.New()
				sums[key] = sum
			}
			sum.Write(row)
			return nil
		}})
}

func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

// Describe implements confdb.Storage.
func (db *DB) Describe(changeset []byte) ([]string, error) {
	if len(changeset) == 0 {
		return nil, nil
	}
	it, err := sqlite.NewChangesetIterator(bytes.NewReader(changeset))
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var lines []string
	for {
		more, err := it.Next()
		if err != nil || !more {
			return lines, err
		}
		line, err := describeRow(it)
		if err != nil {
			return lines, err
		}
		lines = append(lines, line)
	}
}

func describeRow(it *sqlite.ChangesetIterator) (string, error) {
	operation, err := it.Operation()
	if err != nil {
		return "", err
	}
	t := schema.TableNamed(operation.TableName)
	if t == nil {
		return "", fmt.Errorf("it changes the unknown table %q", operation.TableName)
	}
	verb, read := "changed", it.Old
	switch operation.Type {
	case sqlite.OpInsert:
		verb, read = "created", it.New
	case sqlite.OpDelete:
		verb = "deleted"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", verb, t.Name)
	for i, c := range t.Columns {
		value, err := read(i)
		if err != nil {
			return "", err
		}
		if i < t.Keys {
			fmt.Fprintf(&b, " %q", value.Text())
			continue
		}
		switch {
		case operation.Type == sqlite.OpUpdate:
			after, err := it.New(i)
			if err != nil {
				return "", err
			}
			if after.Type() != sqlite.TypeNull { // absent: not changed; nothing that is stored is NULL
				fmt.Fprintf(&b, ", %s: %s to %s", c.Name, shown(c, value), shown(c, after))
			}
		case value.Text() != "":
			fmt.Fprintf(&b, ", %s: %s", c.Name, shown(c, value))
		}
	}
	return b.String(), nil
}

func shown(c *schema.Column, v sqlite.Value) string {
	if c.Field != nil && c.Field.Shape == schema.ShapeSecret {
		return "(secret)"
	}
	return fmt.Sprintf("%q", v.Text())
}
