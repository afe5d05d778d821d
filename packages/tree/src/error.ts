import { RosError } from '@ros/bytes'

/** Stable codes of a `TreeError`. */
export type TreeErrorCode =
  | 'ROS_TREE_PATH' // absolute, empty, '..' or NUL in a path
  | 'ROS_TREE_PARENT' // the parent is missing or not a directory
  | 'ROS_TREE_EXISTS' // another node has that path already
  | 'ROS_TREE_FIELD' // mode, owner or time outside its range

/** What trees throw. */
export class TreeError extends RosError<TreeErrorCode> {}
