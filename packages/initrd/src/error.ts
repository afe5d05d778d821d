import { RosError } from '@ros/bytes'

/** Stable codes of an `InitrdError`. */
export type InitrdErrorCode =
  | 'ROS_INITRD_NAME' // a path, name or link target that the kernel would drop
  | 'ROS_INITRD_FIELD' // an owner, time or device number that the header or the kernel cannot hold
  | 'ROS_INITRD_SIZE' // a file of 4 GiB or more
  | 'ROS_INITRD_XATTR' // extended attributes, which newc does not carry
  | 'ROS_INITRD_CONFLICT' // a segment whose entry the kernel would drop, or write through to another name
  | 'ROS_INITRD_EARLY' // microcode or ACPI tables where the kernel does not look for them
  | 'ROS_INITRD_MICROCODE' // bytes that are no microcode
  | 'ROS_INITRD_ARCHIVE' // bytes that the kernel does not unpack
  | 'ROS_INITRD_LIMIT' // compressed segments that hold more than the caller allowed

/** What writers and readers of initrds throw. */
export class InitrdError extends RosError<InitrdErrorCode> {}
