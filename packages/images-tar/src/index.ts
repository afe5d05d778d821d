export type { Keep } from './blob-layer.ts'
export { type ComposeOptions, composeImage } from './compose-image.ts'
export { connectDaemon, loadIntoDaemon, saveFromDaemon } from './daemon.ts'
export { type DaemonEnvironment, type DaemonOptions, daemonOptions } from './daemon-address.ts'
export { directoryLayoutFiles, writeLayoutDirectory } from './directory-layout.ts'
export { type DockerLayoutOptions, dockerLayout } from './docker-layout.ts'
export { ImagesTarError, type ImagesTarErrorCode } from './error.ts'
export { imageId } from './image-id.ts'
export { lintDockerSave } from './lint-docker-save.ts'
export { type LintedLayout, lintOciLayout, type OciLayoutRule, ociLayoutRules } from './lint-oci-layout.ts'
export { type DockerSaveRule, dockerSaveRules } from './lint-rules.ts'
export { mergeLayers } from './merge-layers.ts'
export type { HistoryEntry, Image, ImageConfig, Layer, LayerBlob, RunConfig } from './model.ts'
export { overlayLayout } from './overlay-layout.ts'
export { type Blob, type PackedImage, type PackImageOptions, packImage } from './pack-image.ts'
export { formatPlatform, type Platform, parsePlatform } from './platform.ts'
export { type DockerSaveOptions, readDockerSave } from './read-docker-save.ts'
export {
  isOciLayout,
  type LayoutFiles,
  type ReadOciLayoutOptions,
  readOciLayout,
  tarLayoutFiles,
} from './read-oci-layout.ts'
export { checkRepoTag, formatReference, parseReference, type Reference } from './reference.ts'
export { squashImage } from './squash-image.ts'
export { indexTar, type TarIndex } from './tar-index.ts'
export { tarLayer, treeLayer, writeTreeTar } from './tree-layer.ts'
export { writeDockerSave } from './write-docker-save.ts'
export { type LayoutEntry, ociLayoutEntries, writeOciLayout } from './write-oci-layout.ts'
