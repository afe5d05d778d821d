import { RosError } from '@ros/bytes'

/** Stable codes of a `DistroError`. */
export type DistroErrorCode =
  | 'ROS_RECIPE_SYNTAX' // the recipe is not YAML
  | 'ROS_RECIPE_KEY' // a key is unknown, missing, or has a value of the wrong kind
  | 'ROS_LOCK_SYNTAX' // a lock that cannot be read, or is of a later kit
  | 'ROS_LOCK_DRIFT' // recipe or inputs are not what the lock says
  | 'ROS_LOCK_MISSING' // --locked without a lock
  | 'ROS_DISTRO_DIGEST' // an input that is not what was pinned
  | 'ROS_DISTRO_CONTAINER' // an input that cannot be looked into
  | 'ROS_DISTRO_LIMIT' // an input that decompresses to more than any does
  | 'ROS_DISTRO_OFFLINE' // an input is not in the cache and the network may not be used
  | 'ROS_DISTRO_UNPINNED' // a file on a server with nothing that says what it must be
  | 'ROS_DISTRO_MIRROR' // packages over HTTP without a mirror, suites or a keyring
  | 'ROS_DISTRO_GO' // Go is not installed, or did not build ros
  | 'ROS_DISTRO_INPUT' // an input lacks a file that the build takes from it
  | 'ROS_DISTRO_FIT' // something is too large for what is to boot it
  | 'ROS_DISTRO_ARCH' // an architecture that this version, or this recipe, does not build

/** What building throws. */
export class DistroError extends RosError<DistroErrorCode> {}
