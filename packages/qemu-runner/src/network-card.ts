import { QemuRunnerError } from './error.ts'
import { checkPort, escapeValue } from './option-value.ts'

/** A port of the host that leads into the guest. */
export interface PortForward {
  readonly hostPort: number
  readonly guestPort: number
  /** Address to listen on; 127.0.0.1 unless said, so that nobody outside reaches the guest. */
  readonly hostAddress?: string
  readonly protocol?: 'tcp' | 'udp'
}

/** QEMU's user-mode network: the guest reaches out through this host, and these ports lead into it (none unless said). */
export interface UserNetwork {
  readonly forwards?: readonly PortForward[]
  readonly hostname?: string
  /** A folder that QEMU serves by TFTP, read-only, and the file in it that DHCP names for booting. */
  readonly tftp?: { readonly folder: string; readonly bootFile: string }
}

/** A network card, and what it is connected to. */
export type NetworkCard = {
  /** Default virtio. */
  readonly model?: 'virtio' | 'e1000' | 'e1000e'
  readonly mac?: string
} & (
  | ({ readonly kind: 'user' } & UserNetwork)
  /** A tap interface that is there already. */
  | { readonly kind: 'tap'; readonly interface: string }
  /** A bridge of the host, through QEMU's bridge helper. */
  | { readonly kind: 'bridge'; readonly bridge: string }
  /** A card whose cable ends in a switch of QEMU's own: cards of the same number reach one another. */
  | { readonly kind: 'hub'; readonly hub: number }
)

const DEVICES = { virtio: 'virtio-net-pci', e1000: 'e1000', e1000e: 'e1000e' } as const

/** The cards of a machine, in order; `bootsFromIt` leaves the first one its boot ROM. */
export function networkArgs(
  network: UserNetwork | readonly NetworkCard[] | 'none',
  bootsFromIt: boolean,
): string[] {
  if (network === 'none') return []
  const cards: readonly NetworkCard[] = isList(network) ? network : [{ kind: 'user', ...network }]
  return cards.flatMap((card, index) => {
    const mac = card.mac === undefined ? '' : `,mac=${checkMac(card.mac)}`
    // No option ROM where nothing boots from it: Debian ships the ROM in a package that may be absent.
    const boot = bootsFromIt && index === 0 ? ',bootindex=0' : ',romfile='
    const device = `${DEVICES[card.model ?? 'virtio']},netdev=net${index}${mac}${boot}`
    return ['-netdev', `${backend(card, index)}`, '-device', device]
  })
}

function isList(network: UserNetwork | readonly NetworkCard[]): network is readonly NetworkCard[] {
  return Array.isArray(network)
}

function backend(card: NetworkCard, index: number): string {
  const id = `id=net${index}`
  switch (card.kind) {
    case 'tap':
      return `tap,${id},ifname=${escapeValue(card.interface)},script=no,downscript=no`
    case 'bridge':
      return `bridge,${id},br=${escapeValue(card.bridge)}`
    case 'hub':
      return `hubport,${id},hubid=${card.hub}`
    case 'user': {
      const hostname = card.hostname === undefined ? '' : `,hostname=${escapeValue(card.hostname)}`
      const tftp = card.tftp
        ? `,tftp=${escapeValue(card.tftp.folder)},bootfile=${escapeValue(card.tftp.bootFile)}`
        : ''
      return `user,${id}${hostname}${tftp}${(card.forwards ?? []).map(forwardRule).join('')}`
    }
  }
}

function forwardRule({ hostPort, guestPort, hostAddress = '127.0.0.1', protocol = 'tcp' }: PortForward) {
  const host = `${hostAddress}:${checkPort('hostPort', hostPort)}`
  return `,hostfwd=${protocol}:${host}-:${checkPort('guestPort', guestPort)}`
}

function checkMac(mac: string): string {
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) return mac
  throw new QemuRunnerError('ROS_QEMU_OPTION', 'not a MAC address', {
    subject: mac,
    limit: 'six bytes as 52:54:00:12:34:56',
  })
}
