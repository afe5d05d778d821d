export { TreeError, type TreeErrorCode } from './error.ts'
export { followPath } from './follow-path.ts'
export {
  checkNode,
  type DeviceNode,
  type DirectoryNode,
  device,
  directory,
  type FileNode,
  file,
  type Metadata,
  type SpecialNode,
  type SymlinkNode,
  symlink,
  type TreeNode,
} from './node.ts'
export { baseName, normalizePath, parentPath } from './path.ts'
export { Tree, type TreeEntry } from './tree.ts'
