package uevent

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	event, ok := Parse([]byte("add@/devices/pci0/virtio0\x00ACTION=add\x00MODALIAS=virtio:d2v1AF4\x00ODD\x00A=b=c\x00"))
	if !ok || event.Action != "add" || event.DevPath != "/devices/pci0/virtio0" || event.Env["MODALIAS"] != "virtio:d2v1AF4" || event.Env["A"] != "b=c" {
		t.Errorf("got %+v, %v", event, ok)
	}
	for _, message := range []string{"", "\x00", "libudev\x00\xfe\xed\xca\xfe"} {
		if _, ok := Parse([]byte(message)); ok {
			t.Errorf("%q was taken for an event", message)
		}
	}
}

func TestNextGivesUp(t *testing.T) {
	socket, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for range 100 {
		if _, ok, err := socket.Next(time.Millisecond); err != nil {
			t.Fatal(err)
		} else if !ok {
			return
		}
	}
	t.Error("a hundred events and no end")
}
