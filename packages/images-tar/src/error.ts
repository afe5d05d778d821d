import { RosError } from '@ros/bytes'

/** Stable codes of an `ImagesTarError`. */
export type ImagesTarErrorCode =
  | 'ROS_IMAGES_TAR_REFERENCE' // a repository, tag or digest that docker's grammar does not allow
  | 'ROS_IMAGES_TAR_ENTRY' // a file that a tar archive cannot hold
  | 'ROS_IMAGES_TAR_CONFIG' // an image configuration that is damaged or contradicts itself
  | 'ROS_IMAGES_TAR_ARCHIVE' // not a docker-save archive, or a damaged one
  | 'ROS_IMAGES_TAR_DIGEST' // content and the digest it goes by differ
  | 'ROS_IMAGES_TAR_LIMIT' // content that is larger than allowed once it is decompressed
  | 'ROS_IMAGES_TAR_MANIFEST' // a manifest or index that is damaged, ambiguous or of a kind not read here
  | 'ROS_IMAGES_TAR_PLATFORM' // no image for the platform asked for
  | 'ROS_IMAGES_TAR_REGISTRY' // a registry's answer that the protocol does not allow
  | 'ROS_IMAGES_TAR_AUTH' // a registry that wants other credentials, or credentials that cannot be had
  | 'ROS_IMAGES_TAR_NOT_FOUND' // no such repository, tag or digest
  | 'ROS_IMAGES_TAR_OFFLINE' // content that is not in the store, and the network may not be used
  | 'ROS_IMAGES_TAR_DAEMON' // the Docker daemon refused or could not be reached

/** What composing, reading and moving images throws. */
export class ImagesTarError extends RosError<ImagesTarErrorCode> {}
