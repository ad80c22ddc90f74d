package provision

// Kind is what sort of file a name stands for.
type Kind uint8
