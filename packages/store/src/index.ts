export { StoreError, type StoreErrorCode } from './error.ts'
export { type Expected, type OpenStoreOptions, openStore, type Store, type StoredSource } from './store.ts'
