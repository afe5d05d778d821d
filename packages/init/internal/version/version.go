// Package version holds the version that this binary was built as.
package version

// Version is set by the linker: -ldflags "-X rancheros-kit/init/internal/version.Version=v…".
var Version = "dev"
