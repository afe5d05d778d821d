export { type Credential, type CredentialSource, dockerCredentials } from './credentials.ts'
export {
  type DaemonImageOptions,
  fetchDaemonImage,
  type PinnedDaemonImage,
  resolveDaemonImage,
} from './daemon-image.ts'
export type { EndpointOptions } from './endpoint.ts'
export { type FetchImageOptions, fetchImage } from './fetch-image.ts'
export type { RegistryOptions } from './registry.ts'
export { type PinnedImage, resolveImage } from './resolve-image.ts'
