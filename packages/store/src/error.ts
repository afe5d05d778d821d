import { RosError } from '@ros/bytes'

export type StoreErrorCode =
  | 'ROS_STORE_DIRECTORY' // the store's directory cannot be made or used
  | 'ROS_STORE_MISSING' // no entry with that digest
  | 'ROS_STORE_CORRUPT' // an entry whose size or content is not what its name promises

export class StoreError extends RosError<StoreErrorCode> {}
