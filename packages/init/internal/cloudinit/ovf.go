package cloudinit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/config"
)

const (
	ovfFile      = "ovf-env.xml"
	ovfDirectory = "/media/ovf"
)

// opticalTypes are the file systems that a provisioning disk may have; Azure's is UDF.
var opticalTypes = []string{"udf", "iso9660"}

// askAzure reads ovf-env.xml from the disk in a CD drive, as Azure and OVF's ISO transport give it.
func askAzure(_ context.Context, a *asker, directory string) (answer, error) {
	if directory == "" {
		directory = ovfDirectory
	}
	target := filepath.Join(a.root, directory)
	if found, err := readOVF(target); !errors.Is(err, errAbsent) {
		return found, err
	}
	for _, name := range opticalDrives("/sys") {
		for _, fsType := range opticalTypes {
			// A disk that is not of this type can not be mounted as such.
			if found, err := mounted("/dev/"+name, fsType, "", target, readOVF); err == nil || !found.empty() {
				return found, err
			}
		}
	}
	return answer{}, errAbsent
}

func readOVF(directory string) (answer, error) {
	text, err := readFile(filepath.Join(directory, ovfFile))
	if err != nil {
		return answer{}, err
	}
	return parseOVF(text)
}

// environment is what is used of OVF's environment document (DMTF DSP0243 §9.2) and of Azure's section in it.
type environment struct {
	Azure *struct {
		HostName   string `xml:"HostName"`
		CustomData string `xml:"CustomData"`
		Keys       []struct {
			Value string `xml:"Value"`
		} `xml:"SSH>PublicKeys>PublicKey"`
	} `xml:"ProvisioningSection>LinuxProvisioningConfigurationSet"`
	Properties []struct {
		Key   string `xml:"key,attr"`
		Value string `xml:"value,attr"`
	} `xml:"PropertySection>Property"`
}

// parseOVF reads the document. A password in it is not used: an administrator who wants one sets rancher.password.
func parseOVF(text []byte) (answer, error) {
	var document environment
	if err := xml.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &document); err != nil {
		return answer{}, fmt.Errorf("%s left out: %w", ovfFile, err)
	}
	var found answer
	var err error
	if azure := document.Azure; azure != nil {
		found.metadata.Hostname = strings.TrimSpace(azure.HostName)
		var keys []string
		for _, key := range azure.Keys {
			if value := strings.TrimSpace(key.Value); value != "" {
				keys = append(keys, value)
			}
		}
		found.metadata.SSHPublicKeys = numbered(keys)
		found.userData, err = packed(azure.CustomData, "base64")
		return found, err
	}
	for _, property := range document.Properties {
		switch property.Key {
		case "hostname":
			found.metadata.Hostname = strings.TrimSpace(property.Value)
		case "public-keys":
			found.metadata.SSHPublicKeys = numbered(lines(property.Value))
		case "user-data":
			found.userData, err = packed(property.Value, "base64")
		}
	}
	return found, err
}

// packed decodes user-data that travels as text; empty text is none.
func packed(text, encoding string) ([]byte, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	content, err := decode(encoding, text)
	if err != nil {
		var corrupt base64.CorruptInputError
		if errors.As(err, &corrupt) {
			err = fmt.Errorf("not base64 at character %d", int64(corrupt))
		}
		return nil, fmt.Errorf("user-data left out: %w", err)
	}
	return content, nil
}

func lines(text string) []string {
	var list []string
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// metadataOf is for sources that have the metadata in one text, as meta-data of NoCloud.
func metadataOf(text, encoding string) (config.Metadata, error) {
	content, err := packed(text, encoding)
	if err != nil || content == nil {
		return config.Metadata{}, err
	}
	return parseNoCloud(content)
}
