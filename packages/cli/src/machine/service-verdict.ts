import { parse } from 'yaml'

export interface ServiceVerdict {
  readonly name: string
  /** As docker says it, or `absent`. */
  readonly status: string
  readonly ok: boolean
}

const MARK = '=== '

/** Prints what `judgeServices` reads: configuration, containers, versions; waits for the user docker a moment. */
export const LIST_SERVICES = [
  ['config', 'cat /usr/share/ros/os-config.yml'],
  ['containers', "sudo system-docker ps -a --format '{{.Names}}\t{{.State}}\t{{.Status}}'"],
  ['docker', 'docker version --format "{{.Server.Version}}"'],
  ['version', 'ros -v'],
  ['kernel', 'uname -r'],
]
  .map(([name, command]) => `echo "${MARK}${name}"; ${command} 2>&1; echo`)
  .join('\n')

/**
 * Whether every service of the built-in configuration is there: running, ended with 0, or just made where it is for volumes only
 * (`io.rancher.os.createonly`); whether no other container has failed, and whether the user docker answers.
 */
export function judgeServices(text: string): {
  readonly services: ServiceVerdict[]
  readonly problems: string[]
  readonly version: string
  readonly kernel: string
} {
  const part = (name: string) =>
    new RegExp(`^${MARK}${name}\\n([\\s\\S]*?)(?=\\n${MARK}|$(?![\\s\\S]))`, 'm').exec(text)?.[1]?.trim() ??
    ''
  const containers = new Map(
    part('containers')
      .split('\n')
      .flatMap((line) => {
        const [name, state, status] = line.split('\t')
        return name && state && status ? [[name, { state, status }] as const] : []
      }),
  )
  const services: ServiceVerdict[] = []
  for (const [name, createOnly] of wantedServices(part('config'))) {
    const { state, status } = containers.get(name) ?? { state: '', status: 'absent' }
    containers.delete(name)
    const ok = state === 'running' || status.startsWith('Exited (0)') || (createOnly && state === 'created')
    services.push({ name, status, ok })
  }
  for (const [name, { state, status }] of containers) {
    const ok = state === 'running' || state === 'created' || status.startsWith('Exited (0)')
    services.push({ name, status, ok })
  }
  const failed = services.filter(({ ok }) => !ok).map(({ name, status }) => `service ${name}: ${status}`)
  const engine = part('docker')
  const answers = /^\d+\.\d+/.test(engine)
  return {
    services,
    problems: [...failed, ...(answers ? [] : [`docker does not answer: ${engine.split('\n')[0]}`])],
    version: part('version'),
    kernel: part('kernel'),
  }
}

interface ServiceConfig {
  readonly labels?: Readonly<Record<string, unknown>>
}

/** Name, and whether the container is only made, of the services that the image starts by itself. */
function wantedServices(osConfig: string): [name: string, createOnly: boolean][] {
  const config = parse(osConfig) as { rancher?: { services?: Record<string, ServiceConfig> } } | null
  const services = config?.rancher?.services ?? {}
  return Object.entries(services).map(([name, { labels }]) => [
    name,
    String(labels?.['io.rancher.os.createonly']) === 'true',
  ])
}
