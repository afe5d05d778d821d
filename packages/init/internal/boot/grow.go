package boot

import (
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/resize"
)

// growDisk is what rancher.resize_device asks for; nothing waits for it.
func growDisk(m *Machine) {
	disk := m.Config.Rancher.ResizeDevice
	if disk == "" {
		return
	}
	end := m.Record.Begin("resize")
	device, err := resize.Grow(disk)
	if err != nil {
		kmsg.Error("rancher.resize_device: %v", err)
	} else if device != "" {
		kmsg.Info("rancher.resize_device: the file system on %s has grown to the end of %s", device, disk)
	}
	end(err)
	saveRecord(m)
}
