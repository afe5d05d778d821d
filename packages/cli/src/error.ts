import { RosError } from '@ros/bytes'

export type CliErrorCode =
  | 'ROS_CLI_USAGE' // an option or command that does not exist, or a value that it does not take
  | 'ROS_CLI_FILE' // a file that an option names cannot be read
  | 'ROS_CLI_NOT_BUILT' // run and ssh need what build writes
  | 'ROS_CLI_CLOUD_CONFIG' // a cloud-config that is not YAML, or not a mapping
  | 'ROS_CLI_NOT_RUNNING' // ssh, stop, … without a machine that runs
  | 'ROS_CLI_RUNNING' // a machine that runs already
  | 'ROS_CLI_STATE' // a damaged file in .rancheros
  | 'ROS_CLI_CONSOLE' // a console that somebody else is on
  | 'ROS_CLI_STOP' // a machine that does not power off
  | 'ROS_CLI_COPY' // a copy that the machine refuses
  | 'ROS_CLI_KIND' // a file of a kind that the command cannot look into
  | 'ROS_CLI_PATH' // a path, or an image, that is not inside the container
  | 'ROS_CLI_LIMIT' // decompressed content that is larger than allowed
  | 'ROS_CLI_EXTRACT' // a file that may not be written where it would go
  | 'ROS_CLI_BOOT_RECORD' // what a guest gives is no record of its boot, or its boot does not end
  | 'ROS_CLI_DISK' // a disk that is too small, in use, or not to be written
  | 'ROS_CLI_CUSTOMIZE' // an ISO in which there is nothing that could be changed as asked
  | 'ROS_CLI_INTERRUPTED' // Ctrl-C or SIGTERM

export class CliError extends RosError<CliErrorCode> {}
