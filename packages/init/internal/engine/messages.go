package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Messages reads a daemon's answer, a stream of JSON objects, to its end: what went wrong stands in it.
func Messages(body io.Reader, told func(string)) error {
	decoder := json.NewDecoder(body)
	for {
		var message struct {
			ID, Status, Stream, Error string
			Progress                  string
		}
		err := decoder.Decode(&message)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading docker's answer: %w", err)
		case message.Error != "":
			return errors.New(message.Error)
		case told == nil || message.Progress != "":
		case message.Stream != "":
			told(message.Stream)
		case message.ID != "":
			told(message.ID + ": " + message.Status + "\n")
		case message.Status != "":
			told(message.Status + "\n")
		}
	}
}
