import { statSync } from 'node:fs'
import { fileSource } from '@ros/bytes/node'
import {
  directoryLayoutFiles,
  type Image,
  imageId,
  isOciLayout,
  readDockerSave,
  readOciLayout,
  tarLayoutFiles,
} from '@ros/images-tar'
import { CliError } from './error.ts'

/** One image of a docker-save archive or OCI layout: the one that goes by `name`, or the only one. */
export async function readImages(path: string, name: string | undefined): Promise<Image> {
  const images = await allImages(path)
  const found = name === undefined ? images : images.filter((image) => goesBy(image, name))
  const [image] = found
  if (image && found.length === 1) return image
  const list = images.map(({ repoTags, ...rest }) => repoTags[0] ?? imageId(rest)).join(', ')
  throw new CliError('ROS_CLI_PATH', image ? 'several images: name one' : 'no such image', {
    subject: name === undefined ? path : `${path}: ${name}`,
    hint: list === '' ? 'it holds none' : `it holds ${list}; --image names one`,
  })
}

async function allImages(path: string): Promise<Image[]> {
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status) throw new CliError('ROS_CLI_FILE', 'no such file', { subject: path })
  if (status.isDirectory()) return await readOciLayout(directoryLayoutFiles(path))
  const source = fileSource(path)
  const files = await tarLayoutFiles(source)
  // Archives of docker 25 and later are both; their manifest.json names what is tagged.
  return isOciLayout(files) ? await readOciLayout(files) : await readDockerSave(source)
}

function goesBy(image: Image, name: string): boolean {
  const digits = name.replace(/^sha256:/, '')
  return (
    image.repoTags.some((tag) => tag === name || tag === `${name}:latest`) ||
    (/^[0-9a-f]{12,64}$/.test(digits) && imageId(image).slice('sha256:'.length).startsWith(digits))
  )
}
