package sqlite

import (
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tandem/confdb/schema"
)

// readable are the columns to select from a table, and whether there is such a table. A file is also read while its schema is
// older than the newest one: at the start, and between one migration and the next. What is not there yet is absent, as it is
// after its migration.
func (db *DB) readable(t *schema.Table) (list string, there bool, err error) {
	if db.schema == schema.Latest() {
		return columns(t), true, nil
	}
	have := map[string]bool{}
	err = sqlitex.Execute(db.conn, "SELECT name FROM pragma_table_info(?)", &sqlitex.ExecOptions{Args: []any{t.Name},
		ResultFunc: func(s *sqlite.Stmt) error {
			have[s.ColumnText(0)] = true
			return nil
		}})
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		switch {
		case have[c.Name]:
			names[i] = quote(c.Name)
		case c.SQL == "INTEGER":
			names[i] = "0"
		default:
			names[i] = "''"
		}
	}
	return strings.Join(names, ", "), len(have) > 0, err
}
