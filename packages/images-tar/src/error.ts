import { RosError } from '@ros/bytes'

export type ImagesTarErrorCode =
  | 'ROS_IMAGES_TAR_REFERENCE' // a repository, tag or digest that docker's grammar does not allow
  | 'ROS_IMAGES_TAR_ENTRY' // a file that a tar archive cannot hold
  | 'ROS_IMAGES_TAR_CONFIG' // an image configuration that is damaged or contradicts itself
  | 'ROS_IMAGES_TAR_ARCHIVE' // not a docker-save archive, or a damaged one
  | 'ROS_IMAGES_TAR_DIGEST' // content and the digest it goes by differ
  | 'ROS_IMAGES_TAR_DAEMON' // the Docker daemon refused or could not be reached

export class ImagesTarError extends RosError<ImagesTarErrorCode> {}
