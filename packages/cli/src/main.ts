import { parseArguments } from './cli.ts'
import { CliError } from './error.ts'
import { exitCode } from './exit-code.ts'
import { errorJson, printError } from './print.ts'

const controller = new AbortController()
const interrupt = () => {
  // A second signal ends the process at once; the first lets every step remove what is half-written.
  if (controller.signal.aborted) process.exit(130)
  controller.abort(
    new CliError('ROS_CLI_INTERRUPTED', 'stopped; nothing half-written was left', { subject: 'interrupted' }),
  )
}
process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)

const terminal = { stderr: process.stderr, now: () => performance.now() }
const { json, perform } = parseArguments(process.argv.slice(2), {
  directory: process.cwd(),
  environment: process.env,
  stdout: process.stdout,
  terminal,
  signal: controller.signal,
})
try {
  process.exitCode = await perform()
} catch (thrown) {
  const error: unknown = controller.signal.aborted ? controller.signal.reason : thrown
  if (json) process.stderr.write(`${JSON.stringify(errorJson(error))}\n`)
  else printError(error, terminal)
  process.exitCode = exitCode(error)
}
// Whatever is still open (a terminal's standard input, a half-closed socket) must not keep the process.
process.exit()
