import type { NetworkCard, PortForward } from '@ros/qemu-runner'
import { CliError } from '../error.ts'

/**
 * Reads `--network` and `--nic`: `user`, `tap:INTERFACE`, `bridge:BRIDGE`, `hub:NUMBER`, with `,mac=…` and `,model=…` behind it.
 * Throws `ROS_CLI_USAGE`.
 */
export function readCard(option: string, text: string): NetworkCard {
  const [kind = '', ...settings] = text.split(',')
  const [name, rest] = splitOnce(kind, ':')
  const more = Object.fromEntries(settings.map((setting) => splitOnce(setting, '=')))
  const { mac, model, ...unknown } = more
  const [strange] = Object.keys(unknown)
  const models = ['virtio', 'e1000', 'e1000e'] as const
  const known = models.find((each) => each === model)
  if (strange !== undefined || (model !== undefined && !known)) throw notCard(option, text)
  const common = { ...(mac !== undefined && { mac }), ...(known && { model: known }) }
  if (name === 'user' && rest === undefined) return { kind: 'user', ...common }
  if (name === 'tap' && rest) return { kind: 'tap', interface: rest, ...common }
  if (name === 'bridge') return { kind: 'bridge', bridge: rest || 'br0', ...common }
  if (name === 'hub' && /^\d+$/.test(rest ?? '')) return { kind: 'hub', hub: Number(rest), ...common }
  throw notCard(option, text)
}

/** The first card carries what leads to ssh, when it is of the kind that can. */
export function withForwards(
  card: NetworkCard,
  forwards: readonly PortForward[],
  hostname: string,
): NetworkCard {
  return card.kind === 'user' ? { ...card, forwards, hostname } : card
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function notCard(option: string, text: string): CliError {
  return new CliError('ROS_CLI_USAGE', 'not a network card', {
    subject: `--${option}`,
    got: text,
    limit:
      'user, tap:INTERFACE, bridge:BRIDGE or hub:NUMBER, then ,mac=52:54:… and ,model=virtio|e1000|e1000e',
  })
}
