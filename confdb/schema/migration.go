package schema

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
)

// Migrations are numbered files of SQL, applied as entries of the log, so that every server does them at the same place
// among the changes. They are never changed once released. They hold no triggers, no AUTOINCREMENT and nothing that depends on the
// moment (now, random).
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

var migrations = func() []string {
	var all []string
	for n := 1; ; n++ {
		text, err := fs.ReadFile(migrationFiles, fmt.Sprintf("migrations/%04d.sql", n))
		if err != nil {
			return all
		}
		all = append(all, string(text))
	}
}()

// Latest is the newest schema version; version n is what migration n leaves.
func Latest() int { return len(migrations) }

// Migration returns the SQL that leads from version n-1 to n.
func Migration(n int) (string, bool) {
	if n < 1 || n > len(migrations) {
		return "", false
	}
	return migrations[n-1], true
}

var forbidden = regexp.MustCompile(`(?i)\b(TRIGGER|AUTOINCREMENT|RANDOM|NOW|CURRENT_TIME|CURRENT_DATE|CURRENT_TIMESTAMP|DATETIME|STRFTIME)\b`)

// Forbidden returns the first word in a migration that must not stand there, or "".
func Forbidden(sql string) string { return forbidden.FindString(sql) }
