import { RosError } from '@ros/bytes'

export type PartitionsErrorCode =
  | 'ROS_PARTITIONS_FIELD' // a partition or an identifier that the table cannot hold
  | 'ROS_PARTITIONS_CONTENT' // the disk cannot be read

export class PartitionsError extends RosError<PartitionsErrorCode> {}
