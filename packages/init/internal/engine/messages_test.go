package engine

import (
	"strings"
	"testing"
)

func TestMessages(t *testing.T) {
	var told string
	stream := `{"status":"Pulling","id":"ab"}{"progress":"[=>","id":"ab","status":"Down"}{"stream":"Step 1\n"}{"error":"no space left on device"}`
	err := Messages(strings.NewReader(stream), func(text string) { told += text })
	if err == nil || err.Error() != "no space left on device" {
		t.Errorf("error %v", err)
	}
	if want := "ab: Pulling\nStep 1\n"; told != want {
		t.Errorf("told %q, want %q", told, want)
	}
	if err := Messages(strings.NewReader("{"), nil); err == nil || !strings.Contains(err.Error(), "reading docker's answer") {
		t.Errorf("half an answer: %v", err)
	}
}
