import { RosError } from '@ros/bytes'

export type DistroErrorCode =
  | 'ROS_RECIPE_SYNTAX' // the recipe is not YAML
  | 'ROS_RECIPE_KEY' // a key is unknown, missing, or has a value of the wrong kind
  | 'ROS_DISTRO_INPUT' // an input lacks a file that the build takes from it
  | 'ROS_DISTRO_ARCH' // an architecture that this version does not build

export class DistroError extends RosError<DistroErrorCode> {}
