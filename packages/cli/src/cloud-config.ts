import { readFile } from 'node:fs/promises'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { layoutIso, writeIso } from '@ros/iso'
import { file, Tree } from '@ros/tree'
import { LineCounter, parseDocument, YAMLMap } from 'yaml'
import { CliError } from './error.ts'

/**
 * The user data of a machine: the given cloud-config with the project's key added to `ssh_authorized_keys`, or one
 * that has only the key. A script (`#!`) stays as it is.
 */
export function userData(given: { text: string; name: string } | undefined, publicKey: string): string {
  const key = publicKey.trim()
  if (!given) return `#cloud-config\nssh_authorized_keys:\n  - ${key}\n`
  if (given.text.startsWith('#!')) return given.text
  const document = parseCloudConfig(given)
  if (!document) return userData(undefined, publicKey)
  const keys: unknown = document.toJS()['ssh_authorized_keys']
  const list = Array.isArray(keys) ? keys : []
  if (!list.includes(key)) document.set('ssh_authorized_keys', document.createNode([...list, key]))
  const text = document.toString()
  return text.startsWith('#cloud-config') ? text : `#cloud-config\n${text}`
}

/** The document; undefined for one without any content. Throws `ROS_CLI_CLOUD_CONFIG` for what is no mapping in YAML. */
function parseCloudConfig(given: { text: string; name: string }) {
  const lines = new LineCounter()
  const document = parseDocument(given.text, { lineCounter: lines })
  const [problem] = document.errors
  if (problem) {
    const { line, col } = lines.linePos(problem.pos[0])
    throw new CliError(
      'ROS_CLI_CLOUD_CONFIG',
      `cloud-config is not YAML: ${problem.message.split('\n')[0]}`,
      {
        subject: `${given.name}:${line}:${col}`,
      },
    )
  }
  if (document.contents === null) return undefined
  if (!(document.contents instanceof YAMLMap)) {
    throw new CliError('ROS_CLI_CLOUD_CONFIG', 'cloud-config is not a mapping of keys to values', {
      subject: `${given.name}:1:1`,
      hint: 'a cloud-config starts with `#cloud-config` and has lines such as `hostname: name`',
    })
  }
  return document
}

/** The text of a cloud-config for the system's own folder of them, where scripts have no place. Throws `ROS_CLI_CLOUD_CONFIG`. */
export function checkedCloudConfig(given: { text: string; name: string }): string {
  if (given.text.startsWith('#!')) {
    throw new CliError('ROS_CLI_CLOUD_CONFIG', 'a script is no cloud-config', {
      subject: given.name,
      hint: 'put it under `write_files` and `runcmd`, or into the initrd with --initrd-file',
    })
  }
  parseCloudConfig(given)
  return given.text
}

/** Reads the file that `--cloud-config` names. */
export async function readCloudConfig(path: string): Promise<{ text: string; name: string }> {
  try {
    return { text: await readFile(path, 'utf8'), name: path }
  } catch (cause) {
    throw new CliError('ROS_CLI_FILE', 'cannot read the cloud-config', { subject: path, cause })
  }
}

/** What a configuration disk holds, whatever its file system. */
export function configTree(text: string): Tree {
  const tree = new Tree()
  tree.addDirectories('openstack/latest')
  return tree.add('openstack/latest/user_data', file(fromText(text)))
}

/** Writes the configuration disk: volume `config-2` with `/openstack/latest/user_data`, as OpenStack's config drive. */
export async function writeCloudConfigIso(path: string, text: string): Promise<void> {
  const layout = layoutIso(configTree(text), { volumeId: 'config-2', created: 0, rockRidge: true })
  await replaceFile(path, writeIso(layout), { mode: 0o600 })
}
