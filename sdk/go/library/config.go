// Configuration: the manifest's [config] and what the operator set over it.
package skep

import (
	"strings"

	store "skep/bindings/wasi_config_store"
)

// Config gives a configuration value, and whether there is one.
func Config(key string) (value string, found bool) {
	answer := store.Get(key)
	if answer.IsErr() {
		panic("configuration: " + configError(answer.Err()))
	}
	value, found = answer.Ok().Get()
	return strings.Clone(value), found
}

// Configs gives all configuration.
func Configs() map[string]string {
	answer := store.GetAll()
	if answer.IsErr() {
		panic("configuration: " + configError(answer.Err()))
	}
	all := map[string]string{}
	for _, pair := range answer.Ok() {
		all[strings.Clone(pair.F0)] = strings.Clone(pair.F1)
	}
	return all
}

func configError(err store.Error) string {
	if err.Tag() == store.ErrorUpstream {
		return err.Upstream()
	}
	return err.Io()
}
