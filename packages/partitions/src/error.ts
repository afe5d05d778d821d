import { RosError } from '@ros/bytes'

/** Stable codes of a `PartitionsError`. */
export type PartitionsErrorCode =
  | 'ROS_PARTITIONS_FIELD' // a partition or an identifier that the table cannot hold
  | 'ROS_PARTITIONS_CONTENT' // the disk cannot be read

/** What writers and readers of partition tables throw. */
export class PartitionsError extends RosError<PartitionsErrorCode> {}
