import { decodeName, encodeName } from '@ros/bytes'
import { TreeError } from './error.ts'

/**
 * Characters of a path: no system takes a longer one in one call (`PATH_MAX`, linux/limits.h, counts its NUL). Without an end a few bytes
 * of a hostile archive would stand for millions of directories.
 */
const MAX_PATH = 4095

/**
 * A path inside a tree: components joined by `/`, no leading or trailing slash; the root is ''. A leading `./` and
 * doubled or trailing slashes, as archives write them, are taken off; escaped bytes that are UTF-8 together become its
 * characters. `..`, an absolute path, NUL, a lone surrogate that stands for no byte and more than 4095 characters throw `ROS_TREE_PATH`.
 */
export function normalizePath(given: string): string {
  if (given.length > MAX_PATH) {
    throw new TreeError('ROS_TREE_PATH', 'path is too long', {
      subject: `${JSON.stringify(given.slice(0, 100))}…`,
      got: `${given.length} characters`,
      limit: `${MAX_PATH} characters`,
    })
  }
  if (given.startsWith('/')) throw pathError(given, 'absolute path')
  if (given.includes('\0')) throw pathError(given, 'NUL in a path')
  if (!isEncodable(given)) throw pathError(given, 'lone surrogate in a path')
  const parts = canonical(given)
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw pathError(given, "'..' in a path")
  return parts.join('/')
}

/** Whether a name or link target stands for bytes (see `encodeName`). */
export function isEncodable(text: string): boolean {
  return !/(?![\udc80-\udcff])\p{Surrogate}/u.test(text)
}

/** Two spellings of the same bytes would be two entries of one name. */
function canonical(path: string): string {
  return /\p{Surrogate}/u.test(path) ? decodeName(encodeName(path)) : path
}

/** The directory that holds `path`; '' for a top-level name. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** The last name of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function pathError(path: string, problem: string): TreeError {
  return new TreeError('ROS_TREE_PATH', problem, {
    subject: JSON.stringify(path),
    limit: 'paths are relative to the root of the tree and stay inside it',
  })
}
