import { TreeError } from './error.ts'

/**
 * A path inside a tree: components joined by `/`, no leading or trailing slash; the root is ''. A leading `./` and
 * doubled or trailing slashes, as archives write them, are taken off. `..`, an absolute path and NUL throw
 * `ROS_TREE_PATH`.
 */
export function normalizePath(given: string): string {
  if (given.startsWith('/')) throw pathError(given, 'absolute path')
  if (given.includes('\0')) throw pathError(given, 'NUL in a path')
  const parts = given.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw pathError(given, "'..' in a path")
  return parts.join('/')
}

/** The directory that holds `path`; '' for a top-level name. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function pathError(path: string, problem: string): TreeError {
  return new TreeError('ROS_TREE_PATH', problem, {
    subject: JSON.stringify(path),
    limit: 'paths are relative to the root of the tree and stay inside it',
  })
}
