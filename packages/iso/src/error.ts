import { RosError } from '@ros/bytes'

/** Stable codes of an `IsoError`. */
export type IsoErrorCode =
  | 'ROS_ISO_FIELD' // a volume field or an option that its place in the image cannot hold
  | 'ROS_ISO_NAME' // a name that cannot be written, or one read that is no file name
  | 'ROS_ISO_DATE' // a time outside 1900 … 2155, all that a directory record can hold
  | 'ROS_ISO_BOOT' // the boot image is missing or unfit, or the catalogue's path is taken
  | 'ROS_ISO_LIMIT' // more directories or sectors than the format can number, or a reader's bound
  | 'ROS_ISO_CONTENT' // a file's content is not as long as its size says, or failed while it was read
  | 'ROS_ISO_FORMAT' // what is read is no ISO 9660 image, or breaks its rules
  | 'ROS_ISO_EXTENT' // an extent that lies outside the image
  | 'ROS_ISO_LOOP' // directories or continuation areas that lead back to themselves

/** What writers and readers of ISO images throw. */
export class IsoError extends RosError<IsoErrorCode> {}
