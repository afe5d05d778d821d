import { RosError } from '@ros/bytes'

/** Stable codes of a `DiskError`. */
export type DiskErrorCode =
  | 'ROS_DISK_FIELD' // a size or an option that the image format cannot hold
  | 'ROS_DISK_NAME' // a name that FAT cannot hold, two that it cannot tell apart, or one read that is no file name
  | 'ROS_DISK_DATE' // a time outside 1980 … 2107, all that FAT can hold
  | 'ROS_DISK_NODE' // a node that the file system has no form for: a link, a device, a fifo, a socket
  | 'ROS_DISK_LIMIT' // a file or directory larger than the format allows, or a reader's bound
  | 'ROS_DISK_SPACE' // the tree does not fit into the size that was asked for
  | 'ROS_DISK_CONTENT' // a content is not as long as its size says, or failed while it was read
  | 'ROS_DISK_FORMAT' // what is read is no such file system, or breaks its rules

/** What writers and readers of disk images throw. */
export class DiskError extends RosError<DiskErrorCode> {}
