import { RosError } from '@ros/bytes'

/** Stable codes of a `StoreError`. */
export type StoreErrorCode =
  | 'ROS_STORE_DIRECTORY' // the store's directory cannot be made or used
  | 'ROS_STORE_MISSING' // no entry with that digest
  | 'ROS_STORE_CORRUPT' // an entry whose size or content is not what its name promises
  | 'ROS_HTTP_URL' // an address of another scheme than http and https, or none at all
  | 'ROS_HTTP_CONNECT' // no connection: name, port, TLS
  | 'ROS_HTTP_TIMEOUT' // the server does not answer, stopped sending, or sends too slowly
  | 'ROS_HTTP_STATUS' // the server refused
  | 'ROS_HTTP_REDIRECT' // too many redirects, or one that may not be followed
  | 'ROS_HTTP_CUT' // the body ended early
  | 'ROS_HTTP_SIZE' // the body is longer than announced or allowed
  | 'ROS_OPENPGP_KEYRING' // a file that holds no public keys
  | 'ROS_OPENPGP_SIGNATURE' // no valid signature by a trusted key

/** What the store, downloads and signatures throw. */
export class StoreError extends RosError<StoreErrorCode> {}
