import { CliError } from './error.ts'

/** A `coerce` for whole numbers in a range. The thrown `ROS_CLI_USAGE` names the option. */
export function wholeNumber(name: string, least: number, most: number): (value: number) => number {
  return (value) => {
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw new CliError('ROS_CLI_USAGE', 'not a number that the option takes', {
      subject: `--${name}`,
      got: String(value),
      limit: `${least} … ${most}`,
    })
  }
}
