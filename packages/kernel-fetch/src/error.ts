import { RosError } from '@ros/bytes'

/** Stable codes of a `KernelFetchError`. */
export type KernelFetchErrorCode =
  | 'ROS_KERNEL_FETCH_KERNEL' // no kernel in the tree, or more than one
  | 'ROS_KERNEL_FETCH_ELF' // a module that is no ELF object, or a damaged one
  | 'ROS_KERNEL_FETCH_MODULE' // a module that was asked for and is not there, or is there twice
  | 'ROS_KERNEL_FETCH_CYCLE' // modules that need one another in a circle
  | 'ROS_KERNEL_FETCH_INDEX' // a module index that belongs to another kernel

/** What looking for kernels and modules throws. */
export class KernelFetchError extends RosError<KernelFetchErrorCode> {}
