import { RosError } from '@ros/bytes'

export type DiskErrorCode = 'ROS_DISK_FIELD' // a size or an option that the image format cannot hold

export class DiskError extends RosError<DiskErrorCode> {}
