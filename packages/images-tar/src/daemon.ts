import { Readable } from 'node:stream'
import type Dockerode from 'dockerode'
import { daemonOptions } from './daemon-address.ts'
import { ImagesTarError } from './error.ts'
import type { Image } from './model.ts'
import { writeDockerSave } from './write-docker-save.ts'

// dockerode has this method; its declarations do not.
type ManyImages = Dockerode & { getImages(options: { names: string[] }): Promise<NodeJS.ReadableStream> }

/**
 * A client of a daemon: the one at an address (see `daemonOptions`), else the one that `DOCKER_HOST` names, else the system's.
 * dockerode is loaded now, not with this package.
 */
export async function connectDaemon(
  address: string | undefined = process.env['DOCKER_HOST'] || undefined,
): Promise<Dockerode> {
  const { default: Docker } = await import('dockerode')
  if (address === undefined) return new Docker()
  const given = daemonOptions(address, process.env)
  // dockerode fills in from the environment what it is not told; a host goes before a socket, and certificates mean TLS.
  const unset: Record<string, undefined> = { host: undefined, ca: undefined, cert: undefined, key: undefined }
  return new Docker({ ...unset, protocol: 'http', ...given })
}

/** Loads images into a daemon, as `docker load` does. Throws `ROS_IMAGES_TAR_DAEMON` with what the daemon says. */
export async function loadIntoDaemon(docker: Dockerode, images: readonly Image[]): Promise<void> {
  const archive = Readable.from(writeDockerSave(images), { objectMode: false })
  const subject = images.flatMap((image) => image.repoTags).join(' ')
  let answer = ''
  try {
    const response = await docker.loadImage(archive, { quiet: true })
    for await (const chunk of response) answer += String(chunk)
  } catch (cause) {
    throw daemonError(subject, cause)
  } finally {
    archive.destroy()
  }
  // The daemon answers 200 before it has read the archive; what went wrong is in the lines of its answer.
  for (const line of answer.split('\n').filter((text) => text.trim() !== '')) {
    const { error } = JSON.parse(line) as { error?: string }
    if (error !== undefined) throw daemonError(subject, new Error(error))
  }
}

/** The archive that `docker save` makes of these images. It is a stream: write it to a file to read images from it. */
export async function* saveFromDaemon(
  docker: Dockerode,
  references: readonly string[],
): AsyncIterable<Uint8Array> {
  let stream: NodeJS.ReadableStream
  try {
    stream = await (docker as ManyImages).getImages({ names: [...references] })
  } catch (cause) {
    throw daemonError(references.join(' '), cause)
  }
  for await (const chunk of stream) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
}

export function daemonError(subject: string, cause: unknown): ImagesTarError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const { code } = cause as NodeJS.ErrnoException
  return new ImagesTarError('ROS_IMAGES_TAR_DAEMON', `docker refused: ${reason}`, {
    subject,
    cause,
    ...((code === 'ENOENT' || code === 'ECONNREFUSED') && {
      hint: 'is the daemon running, and is this its socket?',
    }),
    ...(code === 'EACCES' && { hint: "this user may not open the daemon's socket" }),
  })
}
