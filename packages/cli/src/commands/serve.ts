import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { artifactServer } from '../artifact-server.ts'
import { artifactsOption } from '../artifacts-option.ts'
import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { wholeNumber } from '../number-option.ts'

export const serve = command({
  usage: 'serve',
  describe: 'offer vmlinuz, initrd and an iPXE script over HTTP, for machines that start from the network',
  examples: [['$0 serve', 'on all addresses, port 8017; Ctrl-C ends it']],
  options: (y) =>
    artifactsOption(y)
      .option('listen', {
        type: 'string',
        default: '0.0.0.0',
        describe: 'address to listen on',
        requiresArg: true,
      })
      .option('port', {
        type: 'number',
        default: 8017,
        describe: 'port; 0 takes a free one',
        coerce: wholeNumber('port', 0, 65_535),
      }),
  run: async ({ out, listen, port }, { output, signal }) => {
    const folder = resolve(out)
    for (const name of ['vmlinuz', 'initrd', 'rancheros.ipxe']) {
      if (existsSync(join(folder, name))) continue
      throw new CliError('ROS_CLI_NOT_BUILT', 'not there', {
        subject: join(folder, name),
        hint: 'run `rancheros-kit build` first',
      })
    }
    const server = artifactServer({ folder, onAnswer: (line) => output.note(line) })
    server.listen(port, listen)
    await Promise.race([
      once(server, 'listening'),
      once(server, 'error').then(([cause]) => {
        throw new CliError('ROS_CLI_USAGE', 'cannot listen there', { subject: `${listen}:${port}`, cause })
      }),
    ])
    const bound = server.address() as AddressInfo
    const addresses = listen === '0.0.0.0' || listen === '::' ? ownAddresses() : [bound.address]
    await output.print(pxeLines(addresses, bound.port))
    try {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
        signal.throwIfAborted()
      })
    } finally {
      server.close()
      server.closeAllConnections()
    }
    return undefined
  },
})

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const outside = all
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
  return outside.length > 0 ? outside : ['127.0.0.1']
}

/** What a DHCP server has to say, and what can be typed by hand. */
function pxeLines(addresses: readonly string[], port: number): string {
  const lines = addresses.flatMap((address) => {
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/rancheros.ipxe`
    return [
      `iPXE, typed:    chain ${url}`,
      `dnsmasq:        dhcp-boot=tag:ipxe,${url}`,
      `ISC dhcpd:      filename "${url}";`,
    ]
  })
  return `${lines.join('\n')}\n`
}
