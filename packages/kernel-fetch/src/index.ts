export {
  modulesAliasBin,
  modulesBuiltinAliasBin,
  modulesBuiltinBin,
  modulesDepBin,
  modulesSymbolsBin,
} from './binary-index-files.ts'
export { directoryTree } from './directory-tree.ts'
export { KernelFetchError, type KernelFetchErrorCode } from './error.ts'
export { modulesAlias, modulesDep, modulesDevname, modulesSoftdep, modulesSymbols } from './index-files.ts'
export { type Kernel, type ModuleFile, readKernel } from './kernel.ts'
export { type ModuleIndex, type ModuleIndexOptions, type ModuleRecord, moduleIndex } from './module-index.ts'
export { selectModules } from './select-modules.ts'
