package confdb

import (
	"errors"

	"tandem/telephony"
)

// Storage keeps the objects on disk, in tables. The log (confdb/replica) tells it what to store and where in the log that is;
// confdb/sqlite is the one there is. One goroutine at a time changes it.
type Storage interface {
	// State says where in the log the storage stands, and its schema version; 0 is an empty database.
	State() (Position, int)
	// KnownSchema is the newest schema version that this program can migrate to.
	KnownSchema() int
	// Load returns every object.
	Load() ([]telephony.Object, error)
	// Plan finds out what changes in the tables, as a changeset, and changes nothing.
	Plan([]Change) ([]byte, error)
	// Apply stores a changeset and the position in one transaction, and returns the objects that it touched. ErrDiverged means
	// that the changeset does not fit what is stored; any other error, that it may fit later (a full disk).
	Apply(Position, []byte) ([]Change, error)
	// Migrate brings the tables from the version before to the given one, and stores the position, in one transaction.
	Migrate(Position, int) error
	// Rebase says that what is stored is the beginning of a new log.
	Rebase(Position) error
	// Flush puts everything that was applied on the disk itself.
	Flush() error
	// Copy writes a consistent copy to a new file.
	Copy(path string) error
	// Replace takes a copy in place of what is stored. It fails with nothing changed if the copy is damaged or of a newer
	// version.
	Replace(path string) error
	// Digest gives each an object's kind and key and a hash over all its rows, in the order of kinds and keys. Equal storages at
	// equal positions give the same.
	Digest(each func(kind telephony.Kind, key string, hash [32]byte)) error
	// Describe says in words what a changeset does, a line for each row, without secrets.
	Describe(changeset []byte) ([]string, error)
	// File is the path of the database, for messages.
	File() string
	// Close ends it.
	Close() error
}

// OpenStorage opens the storage of a server. fresh sets what is there aside, under another name, and begins an empty one.
type OpenStorage func(fresh bool) (Storage, error)

// ErrDiverged means that a log entry does not fit what is stored: the copy is not what its position says.
var ErrDiverged = errors.New("confdb: the stored configuration has diverged from the log")
