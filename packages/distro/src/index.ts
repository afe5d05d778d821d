export { type Artifact, type BuildOptions, type BuildResult, build } from './build.ts'
export { type Carried, exportCache, type Imported, type ImportOptions, importCache } from './carry-cache.ts'
export { DistroError, type DistroErrorCode } from './error.ts'
export {
  type BootSizes,
  checkFit,
  type FitProblem,
  memoryToBoot,
  memoryWarning,
  unpackedSize,
} from './fit.ts'
export { initRecipe } from './init-recipe.ts'
export { type KernelTar, kernelTar } from './kernel-tar.ts'
export { lockContents } from './lock-contents.ts'
export { LOCK_NAME, readLock } from './lock-file.ts'
export type { Lock } from './lock-schema.ts'
export { builtInRecipes, RECIPE_NAME } from './open-recipe.ts'
export { configImages } from './os-config.ts'
export type { Progress, ProgressSink } from './progress.ts'
export { readRecipe } from './recipe.ts'
export { recipeJsonSchema } from './recipe-json-schema.ts'
export type { Recipe } from './recipe-schema.ts'
export { type InputOptions, lock } from './session.ts'
export { type DiskFormat, diskFormats } from './steps/disk.ts'
export { KIT_VERSION } from './version.ts'
