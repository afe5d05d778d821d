export {
  type ArtifactFile,
  fetchArtifact,
  isArtifact,
  type PushArtifactOptions,
  pushArtifact,
  type ResolvedArtifact,
  resolveArtifact,
} from './artifact.ts'
export { type Credential, type CredentialSource, dockerCredentials } from './credentials.ts'
export {
  type DaemonImageOptions,
  fetchDaemonImage,
  type PinnedDaemonImage,
  resolveDaemonImage,
} from './daemon-image.ts'
export type { EndpointOptions } from './endpoint.ts'
export { type FetchImageOptions, fetchImage } from './fetch-image.ts'
export { type PushImageOptions, type PushOptions, type PushResult, pushImage } from './push.ts'
export type { Pushed } from './push-blob.ts'
export type { RegistryOptions } from './registry.ts'
export { type PinnedImage, resolveImage } from './resolve-image.ts'
