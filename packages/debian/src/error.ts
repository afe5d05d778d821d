import { RosError } from '@ros/bytes'

/** Stable codes of a `DebianError`. */
export type DebianErrorCode =
  | 'ROS_DEBIAN_SYNTAX' // a control file, index, version or dependency that breaks Debian's grammar
  | 'ROS_DEBIAN_APT' // apt is not installed, or failed
  | 'ROS_DEBIAN_LISTS' // the host has no package lists
  | 'ROS_DEBIAN_RELEASE' // a Release file that is damaged, expired, older than one seen before, or of another suite
  | 'ROS_DEBIAN_PACKAGE_UNKNOWN' // no package has that name
  | 'ROS_DEBIAN_DEPENDENCY' // nothing in the index satisfies a dependency
  | 'ROS_DEBIAN_CONFLICT' // packages that cannot be together
  | 'ROS_DEBIAN_FETCH' // a download failed or was cut
  | 'ROS_DEBIAN_DIGEST' // a download that is not what the index promised
  | 'ROS_DEBIAN_OFFLINE' // a package is not in the store and the network may not be used
  | 'ROS_DEBIAN_DEB' // not a .deb, or a damaged one
  | 'ROS_DEBIAN_TAR' // a damaged or hostile tar archive
  | 'ROS_DEBIAN_CLASH' // two packages have different files at one path

/** What reading, resolving and fetching packages throws. */
export class DebianError extends RosError<DebianErrorCode> {}
