package config

// merge gives lower with upper over it: maps merge deeply, lists and scalars of upper replace those of lower. Neither
// argument is changed.
func merge(lower, upper map[string]any) map[string]any {
	merged := make(map[string]any, len(lower)+len(upper))
	for key, value := range lower {
		merged[key] = value
	}
	for key, value := range upper {
		below, belowIsMap := merged[key].(map[string]any)
		above, aboveIsMap := value.(map[string]any)
		if belowIsMap && aboveIsMap {
			merged[key] = merge(below, above)
		} else {
			merged[key] = value
		}
	}
	return merged
}
