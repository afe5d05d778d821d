export { StoreError, type StoreErrorCode } from './error.ts'
export { type Download, type DownloadSource, download, urlSource } from './http/download.ts'
export { type FetchBytes, fetchBytes } from './http/fetch-bytes.ts'
export {
  type Http,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  openHttp,
  type RetryEvent,
} from './http/http.ts'
export { parseRewrites, type Rewrite, rewriteUrl } from './http/rewrite.ts'
export { statusError } from './http/status.ts'
export { isLoopback, parseUrl, redacted } from './http/url.ts'
export {
  isWhole,
  type PruneOptions,
  pruneStore,
  type StoreEntry,
  storeEntries,
  verifyStore,
} from './inventory.ts'
export { type Keyring, readKeyring } from './openpgp/keyring.ts'
export { type Signed, type VerifyOptions, verifyCleartext, verifyDetached } from './openpgp/verify.ts'
export type { Partials } from './partial.ts'
export { type Expected, type OpenStoreOptions, openStore, type Store, type StoredSource } from './store.ts'
export { removeLeftovers, temporaryPath } from './temporary.ts'
